/**
 * `doctor`: is everything in place, would git run the hook, and if not, what to do.
 *
 * Contract: reads, and fires the hook in a probe that starts nothing. Each finding is `ok`,
 * `note` or `trouble` with the next command.
 */
import { dirname, join } from 'node:path';
import { readEntries } from '../act/entries.ts';
import { readJournal } from '../act/journal.ts';
import { loadLedger } from '../act/state.ts';
import { COMMAND } from '../core/messages.ts';
import { bytes, duration, plural, printable, shellWord } from '../core/text.ts';
import { type HookInspection, type HookState, inspectHooks, type Probe, probeHooks } from '../install/inspect.ts';
import { placeAlternatives, refusedPlace } from '../install/messages.ts';
import { placeObstacle } from '../io/ownplace.ts';
import { brokenClaims, readClaims } from '../observe/claims.ts';
import { unseenUsers } from '../observe/outlook.ts';
import { scanProcesses } from '../observe/processes.ts';
import { orphansAmong } from '../survey.ts';
import type { Workspace } from '../workspace.ts';
import { changeLines, sourceWords } from './config-answers.ts';
import { type Answer, type Context, JSON_VERSION, ready } from './context.ts';
import { orphanGuidance } from './orphans.ts';

interface Finding {
  readonly state: 'ok' | 'note' | 'trouble';
  readonly text: string;
  readonly next?: string;
}

/** A large backlog takes a few passes; what still has not ended by then does not end by itself. */
const STARVED = 5;

const ok = (text: string): Finding => ({ state: 'ok', text });
const note = (text: string, next?: string): Finding => ({
  state: 'note',
  text,
  ...(next === undefined ? {} : { next }),
});
const trouble = (text: string, next?: string): Finding => ({
  state: 'trouble',
  text,
  ...(next === undefined ? {} : { next }),
});

export async function doctor(context: Context): Promise<Answer> {
  const opened = await ready(context);
  if (!opened.ok) return opened.answer;
  const workspace = opened.value;
  const findings = [
    ...(await placeFindings(workspace)),
    ...(await hookFindings(context, workspace)),
    ...configFindings(workspace),
    ...(await passFindings(workspace)),
    ...(await quarantineFindings(workspace)),
    ...(await claimFindings(workspace)),
    ...(await processFindings(workspace)),
  ];
  const { colors } = context;
  const mark = { ok: colors.green('ok     '), note: colors.cyan('note   '), trouble: colors.red('trouble') };
  const lines = findings.flatMap(({ state, text, next }) => [
    `${mark[state]}  ${printable(text)}`,
    ...(next === undefined ? [] : [`         next: ${printable(next)}`]),
  ]);
  const isWell = findings.every(({ state }) => state !== 'trouble');
  return { exit: isWell ? 0 : 1, text: lines.join('\n'), json: { version: JSON_VERSION, ok: isWell, findings } };
}

async function placeFindings({ io, layout }: Workspace): Promise<Finding[]> {
  const obstacle = await placeObstacle(io.disk, layout.root);
  const unseen = (await unseenUsers(io, layout.commonDir))(layout.commonDir);
  const reftable = await io.disk.lstat(`${layout.commonDir}/reftable`);
  return [
    ...(obstacle === null ? [] : [trouble(`no pass runs here: ${obstacle}`)]),
    ...(unseen === null ? [] : [note(`everything is kept here: ${unseen}`)]),
    ...(reftable.ok
      ? [
          note(
            'refs are in a reftable, whose reflogs are not read, so every worktree here is kept',
            'git clone --ref-format=files; or git refs migrate --ref-format=files, once no linked worktree is left',
          ),
        ]
      : []),
  ];
}

async function hookFindings(context: Context, workspace: Workspace): Promise<Finding[]> {
  const { io, repository: repo } = workspace;
  const seen = await inspectHooks({ io, repo });
  const reinstall = `${COMMAND} install`;
  if (seen.record === null && !seen.program.present) return [trouble('the hook is not installed', reinstall)];
  const findings: Finding[] = [];
  if (!seen.program.present) findings.push(trouble('the installed program is missing', reinstall));
  else if (seen.program.matches === false)
    findings.push(trouble('the installed program is not the one that was installed', reinstall));
  else findings.push(ok(`program ${seen.record?.version ?? ''} at ${seen.program.path}`));
  if (seen.record !== null && seen.record.version !== context.version)
    findings.push(note(`version ${seen.record.version} is installed, this is ${context.version}`, reinstall));
  findings.push(ok(`its undo is always there as: node ${shellWord(seen.program.path)} restore <id>`));
  findings.push(nodeFinding(seen.node, reinstall));
  // In a linked worktree husky's files come with the branch; whether git runs them there is for the probe to say.
  const isBorrowed = seen.place.kind === 'husky' && isLinked(workspace, repo.topLevel);
  findings.push(...seen.hooks.filter(({ state }) => !isBorrowed || state !== 'absent').flatMap(fileFinding));
  if (seen.place.kind === 'refused' && seen.hooks.some(({ state }) => state !== 'config'))
    findings.push(trouble(refusedPlace(seen.place), placeAlternatives(seen.place, repo.commonDir)[0]));
  return [...findings, ...(await fired(workspace, seen.place))];
}

const isLinked = ({ mainRoot }: Workspace, root: string | null): boolean => mainRoot !== null && root !== mainRoot;

function nodeFinding({ path, usable, inTree }: HookInspection['node'], reinstall: string): Finding {
  if (!usable) return trouble('the node that the hook was installed with is gone', reinstall);
  if (inTree === null) return ok(`node at ${path}`);
  return trouble(
    `node at ${path} lies in the working tree ${inTree}, where a branch decides what it is, so the hook does not start it`,
    `${reinstall}, with a node from elsewhere first on PATH`,
  );
}

/** One hook's file. Whether git runs it is for the probe to say. */
function fileFinding({ hook, state, path, found, executable }: HookState): Finding[] {
  const at = path ?? '';
  switch (state) {
    case 'own':
    case 'block':
      return executable === false && !at.includes('/.husky/')
        ? [trouble(`${hook}: ${at} is not executable, so git does not run it`, `chmod +x ${shellWord(at)}`)]
        : [];
    case 'config':
    case 'managed':
      return [];
    case 'switched-off':
      return [trouble(`${hook}: switched off in git's configuration (${found})`, `git config ${found} true`)];
    case 'absent':
      // Without a place for it there is more to say than that it is not there.
      return path === null ? [] : [trouble(`${hook}: nothing at ${at}`, `${COMMAND} install`)];
    case 'edited':
    case 'damaged':
      return [
        trouble(`${hook}: our lines in ${at} were changed`, `delete them, markers included, then ${COMMAND} install`),
      ];
    case 'foreign': {
      const owner = /^git-(lfs|annex)/.test(found ?? '') ? `${COMMAND} install --chain` : `${COMMAND} install`;
      return [trouble(`${hook}: ${at} is ${found ?? "somebody else's"}, and does not run ours`, owner)];
    }
  }
}

async function fired(workspace: Workspace, place: HookInspection['place']): Promise<Finding[]> {
  const { io, repository: repo, worktrees } = workspace;
  const present: string[] = [];
  for (const { path, isBare } of worktrees) if (!isBare && (await io.disk.stat(path)).ok) present.push(path);
  const probes = await probeHooks({ io, repo, worktrees: present });
  if (probes.length === 0)
    return [
      note(
        'there is no worktree yet in which git could run the hook',
        `git worktree add ../main, then ${COMMAND} doctor`,
      ),
    ];
  const deaf = probes.filter(({ reached }) => !reached);
  if (deaf.length === 0) return [ok(`git runs the hook in ${plural(probes.length, 'worktree')}`)];
  return Promise.all(deaf.map((probe) => deafFinding(workspace, place, probe)));
}

/** husky has to be set up in each worktree by itself; its files come with the branch, and nothing is written there. */
async function deafFinding(
  workspace: Workspace,
  place: HookInspection['place'],
  { worktree, hook, why }: Probe,
): Promise<Finding> {
  const { io, repository: repo } = workspace;
  const at = shellWord(worktree);
  const text = `git does not run the hook in ${worktree}`;
  if (place.kind === 'refused') return trouble(`${text}: ${why ?? 'it was not reached'}`);
  if (place.kind === 'husky' && place.relative) {
    const isSetUp = (await io.disk.stat(join(worktree, place.value, hook))).ok;
    const finding = isLinked(workspace, worktree) ? note : trouble;
    if (!isSetUp) return finding(`${text}: husky was never set up there`, `cd ${at} && npx husky`);
    const file = join(dirname(place.value), hook);
    if (isLinked(workspace, worktree) && !(await io.disk.stat(join(worktree, file))).ok)
      return note(`${text}: its branch has no ${file}`, `commit ${file} of the main worktree, and merge that into it`);
  }
  const next = repo.topLevel === worktree ? `${COMMAND} install` : `cd ${at} && ${COMMAND} install`;
  return trouble(`${text}: ${why ?? 'it was not reached'}`, next);
}

function configFindings({ config, settings }: Workspace): Finding[] {
  if (!config.ok)
    return config.errors.map(({ message }) => trouble(message, 'mend it; nothing is reclaimed until then'));
  const findings = [
    ok(`configuration: ${sourceWords(config.source)}; branches ${settings?.worktrees.branches.join(', ') ?? ''}`),
  ];
  findings.push(...config.notes.map((text) => note(text)));
  if (config.withheld.length > 0)
    findings.push(
      note(`not in effect until approved: ${config.withheld.flatMap(changeLines).join('; ')}`, `${COMMAND} allow`),
    );
  if (settings?.mode === 'report')
    findings.push(note('mode is "report": nothing is ever reclaimed', 'git config reaper.mode reap'));
  return findings;
}

async function passFindings({ io, layout, settings }: Workspace): Promise<Finding[]> {
  const findings: Finding[] = [];
  const failure = await io.disk.readText(layout.failure);
  if (failure.ok)
    findings.push(
      trouble(`the last pass failed, none is started for a day: ${failure.value.split('\n')[0]}`, `${COMMAND} run`),
    );
  const { ledger, damaged } = await loadLedger({ io, layout });
  if (damaged !== null) findings.push(note(`the ledger could not be read (${damaged}); the next pass sets it aside`));
  const { lastPass } = ledger;
  const nowMs = io.clock.nowMs();
  if (lastPass === null) findings.push(note('no pass has run yet', `git checkout, or ${COMMAND} run`));
  else {
    const when = `the last pass ran ${duration(nowMs - lastPass.atMs)} ago and took ${lastPass.ms} ms`;
    const { cutShortInARow = 0 } = lastPass;
    if (cutShortInARow >= STARVED)
      findings.push(
        trouble(
          `${when}; ${cutShortInARow} in a row ran out of pass.budget (${duration(settings?.pass.budgetMs ?? 0)})`,
          `${COMMAND} run --budget 5m; or git config reaper.budget 10s`,
        ),
      );
    else
      findings.push(lastPass.complete ? ok(when) : note(`${when}; it was cut short and goes on at the next checkout`));
  }
  if (settings !== null && ledger.totals.reclaimed > 0)
    findings.push(ok(`${plural(ledger.totals.reclaimed, 'reclaim')} so far`));
  const { damaged: lines } = await readJournal({ io, layout });
  if (lines > 0)
    findings.push(note(`${plural(lines, 'line')} of the journal could not be read; nothing rests on them`));
  return findings;
}

async function processFindings(workspace: Workspace): Promise<Finding[]> {
  const { io } = workspace;
  const table = await scanProcesses({ self: io.processes.self, disk: io.disk });
  if (!table.known) return [note(`processes cannot be looked at: ${table.why}`)];
  return orphansAmong(workspace, table.value).map(({ pid, command, why }) =>
    note(`a process left behind: ${command} (pid ${pid}): ${why}`, orphanGuidance(pid)),
  );
}

/** What is no claim may have been one, so it holds what it may have been about. */
async function claimFindings({ io, layout }: Workspace): Promise<Finding[]> {
  const records = await readClaims(io, layout);
  if (!records.known)
    return [trouble(`${records.why}; everything is kept until they can be`, `ls -la ${shellWord(layout.claims)}`)];
  return brokenClaims(records.value).map(({ file, why }) =>
    trouble(
      `${file} cannot be read as a claim (${why}); it keeps everything for a day, and the path in its name after that`,
      `have its owner claim again, or remove it: rm ${shellWord(file)}`,
    ),
  );
}

async function quarantineFindings({ io, layout }: Workspace): Promise<Finding[]> {
  const { entries, unreadable } = await readEntries({ io, layout });
  const findings = unreadable.map((name) =>
    trouble(`${layout.quarantine}/${name} has no note that can be read; it is left alone`),
  );
  for (const { id, unverified, phase } of entries) {
    if (unverified)
      findings.push(
        note(`${id} was cut off before its second look; it is kept until restored`, `${COMMAND} restore ${id}`),
      );
    if (phase === 'intent' || phase === 'restoring')
      findings.push(note(`${id} was cut off; the next pass finishes it`, `${COMMAND} run`));
  }
  const held = entries.reduce((sum, entry) => sum + (entry.bytes ?? 0), 0);
  const free = await io.disk.freeBytes(layout.commonDir);
  if (free.ok && held > free.value)
    findings.push(
      trouble(
        `the disk is nearly full: ${bytes(free.value)} are free, and quarantine holds ${bytes(held)}`,
        `${COMMAND} purge --now <id>, with ids from ${COMMAND} status; or git config reaper.keep 1d`,
      ),
    );
  if (findings.length === 0)
    findings.push(
      ok(`${plural(entries.length, 'entry', 'entries')} in quarantine${held > 0 ? ` (${bytes(held)})` : ''}`),
    );
  return findings;
}
