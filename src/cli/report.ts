/** `report --html FILE`: what there is and what was, as one page to look at or to pass on. */
import { resolve } from 'node:path';
import { readJournal } from '../act/journal.ts';
import { asCalled } from '../core/messages.ts';
import { printable } from '../core/text.ts';
import { survey } from '../survey.ts';
import { configProblem } from './config-answers.ts';
import { type Answer, type Context, JSON_VERSION, problem, ready } from './context.ts';
import { htmlPage, PAGE_MARK } from './page.ts';
import { lookOnly } from './status.ts';

export async function htmlReport(context: Context, file: string): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  if (!workspace.config.ok) return configProblem(workspace.config);
  const { io, layout } = workspace;
  const path = resolve(workspace.from, file);
  const present = await io.disk.readText(path);
  if (present.ok ? !present.value.startsWith(PAGE_MARK) : present.code !== 'ENOENT')
    return problem('file-taken', `${printable(path)} is there and is not a report of ours`, 'name another file');
  return context.progress('looking at worktrees', async (say) => {
    const look = await lookOnly(workspace, say);
    if (!look.ok) return problem('unreadable', look.why);
    const extras = await survey(workspace, look.report, say);
    const { records } = await readJournal({ io, layout });
    const page = asCalled(
      htmlPage({ workspace, report: look.report, extras, records, nowMs: io.clock.nowMs() }),
      context.command,
    );
    const written = await io.disk.writeFile(path, page);
    if (!written.ok) return problem('unwritable', `the report could not be written: ${written.why}`);
    return { exit: 0, text: `wrote ${printable(path)}`, json: { version: JSON_VERSION, file: path } };
  });
}
