/** The reports of install and uninstall as lines for a person. Pure. */
import type { Adoption } from './adopt.ts';
import type { InstallReport } from './install.ts';
import type { HookOutcome } from './plan.ts';
import type { UninstallReport } from './uninstall.ts';

const DONE: Record<HookOutcome['action'], string> = {
  created: 'written',
  upgraded: 'upgraded',
  'block-added': 'a marked block was added to the script that is there',
  'block-upgraded': 'the marked block was upgraded',
  unchanged: 'already in place',
  entrusted: 'run by',
  configured: "run from git's own configuration, which git 2.54 and later reads; no file was touched",
  left: 'left alone',
};

/** What install did, one sentence a line; snippets are indented. */
export function describeInstall(report: InstallReport): string[] {
  if (report.refusal !== null) return [`nothing was installed: ${report.refusal}`];
  return [
    `program: ${programLine(report)}`,
    ...report.adoptions.flatMap(adoptionLines),
    ...nowhere(report.hooks),
    ...report.hooks.filter((hook) => !isNowhere(hook)).flatMap(hookLines),
    ...report.notes.flatMap((note) => indented('note: ', note)),
  ];
}

/** What uninstall did, and what stays. */
export function describeUninstall(report: UninstallReport): string[] {
  if (report.refusal !== null) return [`nothing was uninstalled: ${report.refusal}`];
  const lines = [
    ...report.hooks.map(({ path, action }) =>
      action === 'removed' ? `${path}: removed` : `${path}: what was put in was taken out, the rest is as it was`,
    ),
    ...report.settings.map((section) => `git config: section ${section} removed`),
    ...(report.programRemoved ? ['program: removed'] : []),
    ...report.left.map(({ path, why }) => `${path}: left alone: ${why}`),
  ];
  return [...(lines.length > 0 ? lines : ['nothing was installed here']), ...report.notes];
}

function programLine({ program, programPath, previousVersion }: InstallReport): string {
  if (program === 'unchanged') return `${programPath} is up to date`;
  if (program === 'upgraded')
    return `${programPath} upgraded${previousVersion === null ? '' : ` from ${previousVersion}`}`;
  return `${programPath} written`;
}

function adoptionLines({ manager, path, action, why, next }: Adoption): string[] {
  if (action === 'written') return [`${manager}: entries were added to ${path}; everything else in it is as it was`];
  if (action === 'unchanged') return [`${manager}: its entries are in ${path}`];
  return [`${manager}: ${path} was left alone: ${why}`, ...indented('  next, ', next)];
}

/** Left because git looks nowhere for hooks, and no line added to a file would change that. */
const isNowhere = ({ action, path, add }: HookOutcome): boolean => action === 'left' && path === null && add === null;

/** The reason is the same for each. */
function nowhere(hooks: readonly HookOutcome[]): string[] {
  const all = hooks.filter(isNowhere);
  return all.length === 0 ? [] : [`${all.map(({ hook }) => hook).join(', ')}: left alone: ${all[0]?.why ?? ''}`];
}

function hookLines({ hook, path, action, found, why, add }: HookOutcome): string[] {
  if (action === 'configured') return [`${hook}: ${DONE[action]}`];
  if (action === 'entrusted') return [`${hook}: ${DONE[action]} ${found}${why === null ? '' : `; ${why}`}`];
  if (action !== 'left') return [`${hook}: ${DONE[action]} (${path})`];
  // Without a file, what was found is a setting, and the reason names it.
  const place = path === null || found === null ? null : `${path} is ${found}`;
  const reason = [place, why].filter((part) => part !== null).join('; ');
  return [
    `${hook}: left alone: ${reason}`,
    ...(add === null ? [] : indented('  next, add to ', `${add.to}:\n${add.text}`)),
  ];
}

function indented(prefix: string, text: string): string[] {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  return [prefix + first, ...rest.map((line) => `    ${line}`)];
}
