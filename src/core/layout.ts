/**
 * Where everything of ours lies, under `<common-dir>/reaper/`.
 *
 * Contract: names only; nothing is created or read here.
 */

/** Paths of the state directory. All absolute when `commonDir` is. */
export function layout(commonDir: string) {
  const root = `${commonDir}/reaper`;
  return {
    commonDir,
    root,
    bin: `${root}/bin`,
    /** The installed, self-contained program. */
    program: `${root}/bin/reaper-hook.mjs`,
    /** What the hook starts; it loads the program when there may be something to do. */
    quick: `${root}/bin/quick.cjs`,
    /** The shell part that every hook file sources. */
    shell: `${root}/bin/reaper.sh`,
    installed: `${root}/installed.json`,
    journal: `${root}/journal.jsonl`,
    state: `${root}/state.json`,
    lock: `${root}/lock`,
    claims: `${root}/claims`,
    /** What the claims are about, so that not all of them have to be read. */
    claimed: `${root}/claimed.json`,
    /** Birth certificates, by the name of the registration. */
    makers: `${root}/makers`,
    quarantine: `${root}/quarantine`,
    /** Present when something is due whatever the stamp says. */
    due: `${root}/due`,
    /** Its mtime is the instant of the next pass; lies in the future while nothing is due. */
    stamp: `${root}/stamp`,
    /** Why nothing can come due for a while, for the pass that is started all the same. */
    rest: `${root}/rest`,
    /** What the next hook prints, and removes. */
    report: `${root}/report`,
    failure: `${root}/failure`,
    /** There while git is to wait for the pass. */
    foreground: `${root}/foreground`,
    allowed: `${root}/allowed.json`,
    worktrees: `${commonDir}/worktrees`,
    entry: (id: string) => entryPaths(`${root}/quarantine/${id}`),
  } as const;
}

export type Layout = ReturnType<typeof layout>;

function entryPaths(directory: string) {
  return {
    directory,
    record: `${directory}/entry.json`,
    tree: `${directory}/tree`,
    admin: `${directory}/admin`,
    ballast: `${directory}/ballast`,
    branchReflog: `${directory}/branch-reflog`,
  } as const;
}

/** The namespace of the pins that keep quarantined commits from being collected. */
export const PIN_NAMESPACE = 'refs/reaper/';
