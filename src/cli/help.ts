/** The words of `--help`: good enough to be the manual. */

/** What a list of commands shows. */
export const SUMMARY = {
  install: 'put the hook in place, show what it would reclaim',
  uninstall: 'take the hook out, every file as it was',
  allow: 'approve what the configuration asks for',
  init: 'propose a .reaperrc from what is here',
  doctor: 'check that the hook runs, and what is in its way',
  demo: 'see it work on a throwaway repository',
  status: 'show what goes, what waits and what is kept, and why',
  why: 'show the facts behind one decision',
  landed: 'prove for each revision whether it has landed',
  log: 'show what was reclaimed, restored and purged',
  run: 'run one pass now',
  restore: 'put something back from quarantine',
  purge: 'remove from quarantine what is due',
  claim: 'say that a worktree or directory is in use',
  heartbeat: 'renew a claim',
  release: 'end a claim',
  report: 'write a page with disk over time, worktrees by size, and the log',
  completion: 'print the completion script of a shell',
  man: 'print the manual page',
} as const;

const TEXT = {
  program: `Gives back the disk that coding agents leave behind, and never loses a byte of work.

A worktree goes only when nothing would be lost (its commits are proven to be in the
base, or it never had any, and nothing in it is uncommitted, untracked or precious)
and nobody is using it. Going means a rename into quarantine; restore puts it back.`,
  install: `Put the hook where git will run it, approve the configuration as it is now on this
machine, and show what the next pass would reclaim and keep. Safe to repeat: it upgrades
itself. Existing hooks are kept; core.hooksPath is followed, never taken over. Where another
hook manager owns a hook, the exact lines to add are printed; --write adds them to its
configuration. git-lfs owns its hook files: git 2.54 and later runs this hook beside them,
with an older git --chain puts it behind git-lfs's own text.`,
  uninstall: `Take the hook out again: every file is left byte for byte as it was before install.
What is in quarantine stays and can still be restored.`,
  allow: `Show how the configuration differs from what was approved on this machine, and approve
it. Until then a change that would widen what is reclaimed has no effect.`,
  init: `Look at the worktrees, branches and agents' folders that are here, and propose a .reaperrc with
the patterns that match them. Asks before it writes; never overwrites a configuration.`,
  doctor: `Check that git would run the hook in every worktree (it is fired in a probe), that the
program and node are in place, that the configuration is in order and allowed, and how
the last pass went; say what to do for each finding. Exit 1 when there is trouble.`,
  demo: `Make a throwaway repository with worktrees in every state, install the hook there, run a
real git checkout, wait for the pass, show before and after, and restore one.`,
  status: `Show what goes, what waits and until when, what is kept and why, what someone should look
at, and what is in quarantine, with sizes; first the totals, then what to do. The same
decisions as a pass; nothing is touched.`,
  why: `Show, fact by fact, how one worktree or staging entry was decided. A ">" marks the fact that
decided; the last line is the command that looks into it, or that would change it.`,
  landed: `Say for each revision whether it has landed in the base, and by which proof. A better
"git branch --merged": it finds squash merges, rebase merges and picked commits too, also after
the base has moved on in the same lines or has reverted them.

ancestor: the base reaches it. adds-nothing: merging it into the named commit of the base gives
that commit's own tree. replayed: the named commit of the base has exactly the tree that merging
it into that commit's parent gives, as a squash merge has by construction; or into the parent of
as many commits as it has, as in a rebase merge. patches: each of its commits was picked into the
base, where picking it again gives exactly the tree that is there, and its merges are clean.

"landed" is a proof that git alone can repeat. "not landed" means that the base was read to the
end. "unknown" names what is missing: a merge conflicts, history is shallow or has nothing in
common, a bound was hit. Lines are judged, not intentions: what landed and was reverted has landed.

The base is the default branch, locally and as origin has it, and what worktrees.base names;
--base replaces all of that. Reads only what is already here: no network, no filters, no merge
drivers, no replace refs or grafts. A branch is never measured against itself or a copy of it.

With --json: [{rev, oid, landed, evidence: {how, ref, oid, commit}, reason}], landed being true,
false or null for unknown. Exit 1 when a revision names no commit.`,
  log: `Show what was reclaimed, restored and purged, when, why and by which proof, how much, and
the undo of what can still be put back. Oldest first; times are UTC.`,
  run: `Run one pass now: the same that the hook starts, with its result printed. At a terminal it
shows what would go and asks first. Ages given here may go below the floors only at a terminal.
Ctrl-C stops it between two things; whatever was begun, the next pass finishes or takes back.`,
  restore: `Put a quarantined worktree or staging entry back: same path, index, HEAD, branch, reflog
and ignored files, byte for byte but for rebuildable directories that were purged (such as
node_modules). After quarantine.keep its commit can still be checked out. Nothing is ever
overwritten. A restored worktree is claimed for a while, so that the next pass leaves it.`,
  purge: `Remove what is due: rebuildable directories at once, trees after quarantine.keep, the rest
after quarantine.forget; above quarantine.max, or below quarantine.minFree, the oldest trees
early, but none younger than a day. With ids, only those. Passes do this by themselves.`,
  claim: `Say that a worktree or directory is in use: no pass touches it while the claim lasts.`,
  heartbeat: `Renew a claim: its time to live starts again.`,
  release: `End a claim. With --reap, for the end of a session: reclaim the worktree or directory at once, if it is
managed, empty or landed, holds no work, and nobody else claims or uses it. Otherwise it is kept, with the reason.`,
  report: `Write one self-contained HTML page: disk over time, worktrees by size and verdict, what is
in quarantine, and the log. It loads nothing from anywhere.`,
  completion: `Print the completion script of bash, zsh or fish. For bash and zsh:
source <(reaper-hook completion bash). For fish: reaper-hook completion fish | source.`,
  man: `Print the manual page, for: reaper-hook man >reaper-hook.1.`,
} as const;

const unwrapped = (text: string): string => text.replace(/(?<!\n)\n(?!\n)/g, ' ');

/** What `--help` of a command shows; wrapped to the terminal by the parser. */
export const HELP = Object.fromEntries(Object.entries(TEXT).map(([name, text]) => [name, unwrapped(text)])) as Record<
  keyof typeof TEXT,
  string
>;

/** What is worth typing, and what it is for. Every line works as it stands, but for names. */
const EXAMPLES: Readonly<Partial<Record<string, readonly (readonly [string, string])[]>>> = {
  install: [
    ['npx reaper-hook install', 'once per clone'],
    ['npx reaper-hook install --write', 'where lefthook, pre-commit or simple-git-hooks own the hooks'],
  ],
  status: [
    ['npx reaper-hook status', 'the overview'],
    ['npx reaper-hook status --json', 'the same for a program'],
    ['npx reaper-hook --repo ../shop status', 'of another repository'],
  ],
  why: [['npx reaper-hook why agent/fix-login', 'why it is kept, and what would change that']],
  landed: [
    ['npx reaper-hook landed', 'every local branch, squash merges included'],
    ['npx reaper-hook landed agent/fix-login --base main', 'one branch, against one base'],
    ['git branch --format="%(refname:short)" | npx reaper-hook landed --stdin', 'names from elsewhere'],
  ],
  log: [['npx reaper-hook log --since 7d', 'the last week, with the undo of each']],
  run: [
    ['npx reaper-hook run --dry-run', 'what would go, and why; nothing is touched'],
    ['npx reaper-hook run --yes --limit 5', 'at most five, without being asked'],
    ['npx reaper-hook run --idle 10m', 'also what was used a little while ago'],
  ],
  restore: [
    ['npx reaper-hook restore agent/fix-login', 'back where it was'],
    ['npx reaper-hook restore agent/fix-login --to ../fix-login', 'when its old place is taken'],
    ['npx reaper-hook restore agent/fix-login --detach', 'when its branch is in use'],
  ],
  purge: [
    ['npx reaper-hook purge --dry-run', 'what would go, and when each thing is due'],
    ['npx reaper-hook purge --now agent-fix-login-7f3a', 'the files of one entry at once; its commit stays'],
  ],
  claim: [
    ['npx reaper-hook claim --owner "lane 3" --pid "$PPID"', 'for as long as this process lives'],
    ['npx reaper-hook claim --worktree ../fix-login --ttl 2d', 'for two days'],
  ],
  release: [['npx reaper-hook release --owner "lane 3" --reap', 'at the end of a session']],
  report: [['npx reaper-hook report --html report.html', 'then open it in a browser']],
  completion: [['source <(reaper-hook completion bash)', 'in ~/.bashrc']],
  man: [['reaper-hook man | man -l -', 'read it at once']],
};

export const examplesOf = (command: string): readonly (readonly [string, string])[] => EXAMPLES[command] ?? [];

/** The examples as `--help` shows them. */
export function exampleText(command: string): string {
  const lines = examplesOf(command).map(([line, what]) => `  ${line}\n      ${what}`);
  return lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n')}`;
}

export const EPILOGUE = `
Configuration: .reaperrc (YAML or JSON), .reaperrc.json, .reaperrc.yaml,
.reaperrc.yml or "reaper" in package.json of the main worktree; user settings
in "git config reaper.*". See .reaperrc.example.

Environment:
  REAPER_HOOK=0   the hook does nothing (as do CI environments)
  NO_COLOR        no colours

Exit status: 0 done, 1 could not, 2 usage. Hooks always exit 0.

Everything of its own lies in <git common directory>/reaper: program, journal,
state, quarantine.

Start here:
  npx reaper-hook demo       see it work on a throwaway repository
  npx reaper-hook install    once per clone
  npx reaper-hook status     any time`;
