/** The sentences of the landing proofs. Contract: pure; each says what, or why it cannot be told. */

const some = (items: readonly string[], shown = 3): string =>
  items.length > shown ? `${items.slice(0, shown).join(', ')} and ${items.length - shown} more` : items.join(', ');

export const landedMessages = {
  adds: (ref: string, paths: readonly string[]) =>
    paths.length === 0
      ? `merging it into ${ref} would still change something`
      : `what it changes in ${some(paths)} is not in ${ref}`,
  cancels: (ref: string) => `its commits change nothing together, and ${ref} holds none of them`,
  conflict: (ref: string, paths: readonly string[]) =>
    `merging it into ${ref} conflicts${paths.length === 0 ? '' : ` in ${some(paths)}`}, so what has landed cannot be told`,
  unrelated: (ref: string) => `it has no history in common with ${ref}`,
  shallow: (ref: string) => `the history is shallow, and what is cut off could matter between it and ${ref}`,
  noBase: () =>
    'no base: neither origin/HEAD, init.defaultBranch, main nor master names a branch, and worktrees.base matches none',
  onlyItself: () => 'no base but the branch itself',
  outOfTime: () => 'time ran out; it goes on with the next run',
  notACommit: (head: string) => `${head} is not the id of a commit`,
  missing: (what: string, oid: string) => `${what} ${oid} is not in this repository`,
  unread: (why: string) => `git could not tell: ${why}`,
  cutShort: (command: string) => `the answer of git ${command} was cut short`,
  noScratch: (why: string) => `no private directory could be made to merge in: ${why}`,
  limit: {
    bases: (max: number) => `limit: only the first ${max} bases were looked at`,
    ownCommits: (max: number) => `limit: it has more than ${max} commits of its own`,
    baseCommits: (ref: string, max: number) => `limit: ${ref} has more than ${max} commits since it branched off`,
    paths: (max: number) => `limit: it changes more than ${max} paths`,
    merges: (max: number) => `limit: ${max} merges were tried; it goes on with the next run`,
    patches: (max: number) => `limit: more than ${max} commits of its own to compare one by one`,
    likes: (max: number, goesOn: boolean) =>
      `limit: more than ${max} base commits change the same paths as one of its own${goesOn ? '; it goes on with the next run' : ''}`,
  },
  unknownRevision: (rev: string) => `${rev} names no commit here`,
} as const;
