// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are of the sources, which hold templates
/**
 * The guards of the landing proofs, each with the edit that takes it away and the tests that must notice.
 *
 * Contract: `from` stands exactly once in `src/<file>`; a guard that was rewritten fails loudly here.
 * `also` are further edits of the same guard, where two lines hold one promise.
 */
const REAL = 'test/real-git/landed-';
const UNIT = 'test/unit/landing-';

const guard = (name, file, from, to, tests, ...also) => ({
  name,
  edits: [[file, from, to], ...also],
  tests,
});

const L = 'observe/landed/';

export const GUARDS = [
  // Merges
  guard(
    'a merge that failed is unknown',
    `${L}climb.ts`,
    "climber.failed ??= merged?.why ?? landedMessages.unread('git merge-tree gave no answer');",
    '',
    [`${REAL}unknown`],
  ),
  guard(
    'a merge with conflicts is not a clean one, in a batch',
    `${L}merge.ts`,
    "status === '1' ? { kind: 'clean', tree } : { kind: 'conflict', paths }",
    "{ kind: 'clean', tree }",
    [`${UNIT}text`, `${REAL}guards`],
  ),
  guard('a merge with conflicts is not a clean one, alone', `${L}merge.ts`, '(answer.code ?? 0) === 0', 'true', [
    `${REAL}unknown`,
    `${REAL}guards`,
  ]),
  guard(
    'a merge has to give the very tree',
    `${L}climb.ts`,
    "merged.kind === 'clean' && merged.tree === candidate.tree && climber.proof === null",
    "merged.kind === 'clean' && climber.proof === null",
    [`${REAL}traps`],
  ),
  guard(
    'a batch that was cut short is read to its last whole record',
    `${L}merge.ts`,
    'at >= tokens.length - 1 || !isOid(tree)',
    '!isOid(tree)',
    [`${UNIT}text`],
  ),
  guard(
    'what git says of a clean merge is not mistaken for another',
    `${L}merge.ts`,
    "if (status === '1' && paths.length > 0) return merged;",
    '',
    [`${UNIT}text`],
  ),
  guard(
    'one bad merge leaves the others',
    `${L}merge.ts`,
    'const next = rest[done.length];',
    'const next = undefined as MergePair | undefined; if (done.length === 0) return merged;',
    [`${REAL}unknown`, `${REAL}guards`],
  ),
  guard(
    'without batches each merge is made alone',
    `${L}merge.ts`,
    'if (answer.code === USAGE) hasStdin = false;\n      return [];',
    "return pairs.map(() => ({ kind: 'failed', why: answer.why }));",
    [`${REAL}unknown`],
  ),

  // Where the search starts
  guard(
    'base commits older than the merge base prove nothing: paths',
    `${L}search.ts`,
    '        if (group <= search.from) continue;\n        touch(search, path, group);',
    '        touch(search, path, group);',
    [`${UNIT}search`, `${REAL}traps`],
  ),
  guard(
    'base commits older than the merge base prove nothing: candidates',
    `${L}search.ts`,
    '        if (group <= search.from) continue;\n        overlaps.set',
    '        overlaps.set',
    [`${UNIT}search`, `${REAL}traps`],
  ),
  guard(
    'base commits older than the merge base prove nothing: twins',
    `${L}search.ts`,
    'if (group > search.from) like(search, own.oid, record.oid);',
    'like(search, own.oid, record.oid);',
    [`${REAL}traps`, `${REAL}guards`, `${UNIT}search`],
  ),
  guard('base commits that the branch holds are no twins', `${L}search.ts`, ' && !search.reached.has(twin)', '', [
    `${UNIT}search`,
    `${REAL}traps`,
  ]),
  guard(
    'a place the first-parent line no longer passes is left',
    `${L}start.ts`,
    'const misplaced = roots.filter(({ priors }) => priors.length > 0 && bestPrior(history, priors) === null);',
    'const misplaced: readonly Rooted[] = [];',
    [`${REAL}cache`],
  ),
  guard(
    'a branch without history in common is unknown',
    `${L}start.ts`,
    'if (own.frontier.length === 0) {',
    'if (own.frontier.length < 0) {',
    [`${REAL}unknown`],
  ),
  guard(
    'a missing head is unknown',
    `${L}start.ts`,
    "if (!present.value.has(head)) outcomes.set(head, unreadOutcome(landedMessages.missing('commit', head)));\n    else if",
    'if',
    [`${REAL}guards`],
  ),
  guard(
    'a missing base is unknown',
    `${L}start.ts`,
    "if (!present.value.has(base)) return fail(landedMessages.missing('the base commit', base));",
    '',
    [`${REAL}unknown`],
  ),

  // History that is not whole
  guard(
    'cut-off history between the two is unknown',
    `${L}climb.ts`,
    'if (!isWhole.value) return unread(landedMessages.shallow(ref));',
    '',
    [`${REAL}unknown`],
  ),
  guard(
    'cut-off history that reaches nothing in common is unknown',
    `${L}start.ts`,
    'if (own.frontier.length === 0 && view.shallow.size > 0)',
    'if (own.frontier.length < 0)',
    [`${REAL}unknown`],
  ),
  guard(
    'more than one meeting place in cut-off history is unknown',
    `${L}shallow.ts`,
    "if (meeting.stdout.trim().split('\\n').length !== 1 || meeting.stdout.trim() === '') return known(false);",
    '',
    [`${REAL}guards`],
  ),
  guard(
    'the boundary of a shallow repository is looked at',
    `${L}view.ts`,
    "text.value.split('\\n').filter((line) => /^[0-9a-f]{40,64}$/.test(line))",
    '[]',
    [`${REAL}unknown`],
  ),
  guard(
    'nothing is fetched in a partial clone',
    `${L}view.ts`,
    '      gitDir: scratch,',
    '      gitDir: options.commonDir,',
    [`${REAL}unknown`, `${REAL}guards`],
    ['io/git.ts', "GIT_NO_LAZY_FETCH: '1',", ''],
    ['io/git.ts', "GIT_ALLOW_PROTOCOL: 'none',", ''],
    ['io/git.ts', "'protocol.allow=never',", ''],
    [`${L}view.ts`, 'env: { HOME: scratch, XDG_CONFIG_HOME: scratch },', ''],
  ),
  guard(
    'replace refs and grafts are not seen',
    `${L}view.ts`,
    '      gitDir: scratch,',
    '      gitDir: options.commonDir,',
    [`${REAL}traps`],
    ['io/git.ts', "'--no-replace-objects', ", ''],
    ['io/git.ts', "GIT_GRAFT_FILE: '/dev/null/none',", ''],
  ),
  guard(
    "the repository's settings and attributes are not seen",
    `${L}view.ts`,
    '      gitDir: scratch,',
    '      gitDir: options.commonDir,',
    [`${REAL}neutral`],
  ),
  guard(
    "the user's attributes are not seen",
    `${L}view.ts`,
    "['info/attributes', NEUTRAL_ATTRIBUTES],",
    '',
    [`${REAL}neutral`],
    [`${L}view.ts`, "'core.attributesFile=/dev/null',", ''],
    [`${L}view.ts`, "'merge.default=text',", ''],
    [`${L}view.ts`, 'env: { HOME: scratch, XDG_CONFIG_HOME: scratch },', ''],
  ),

  // After the landing
  guard(
    'an update on top is peeled off only when the rest is in the base',
    `${L}judge.ts`,
    'if (second === mergeBase) return first;',
    'return first;',
    [`${REAL}traps`],
  ),
  guard(
    'an update on top is peeled off only when it merged the base: the other way round',
    `${L}judge.ts`,
    'return first === mergeBase ? second : null;',
    'return second;',
    [`${REAL}traps`],
  ),
  guard(
    'a commit on top is peeled off only when it is empty',
    `${L}judge.ts`,
    'const isEmpty = parents.length === 1 && last?.oid === tip && last.changes.length === 0;',
    'const isEmpty = parents.length === 1 && last?.oid === tip;',
    [`${REAL}traps`],
  ),
  guard(
    'what is peeled off changes nothing as a whole',
    `${L}judge.ts`,
    'if (net.size > 0 || mergeBase === undefined || more.length > 0) return null;',
    'if (mergeBase === undefined || more.length > 0) return null;',
    [`${REAL}traps`, `${REAL}guards`],
  ),
  guard(
    'what is below has to be proven',
    `${L}judge.ts`,
    "outcome?.kind === 'proven' && commit !== undefined",
    'commit !== undefined',
    [`${REAL}traps`],
  ),
  guard(
    'what changes nothing as a whole is not proven by adding nothing',
    `${L}climb.ts`,
    'if (isTipTried || search.net.size === 0 || search.untouched.size > 0) return false;',
    'if (isTipTried || search.untouched.size > 0) return false;',
    [`${REAL}traps`],
  ),

  // Picks
  guard(
    'a base commit is the twin of one own commit',
    'core/landing.ts',
    'if (holder !== undefined && !find(holder, tried)) continue;',
    '',
    [`${UNIT}graph`, `${REAL}twins`],
  ),
  guard(
    'a twin is at its place',
    `${L}picks.ts`,
    "merged.kind === 'clean' && merged.tree === tree ?",
    "merged.kind === 'clean' ?",
    [`${REAL}twins`],
  ),
  guard(
    'every own commit needs a twin',
    'core/landing.ts',
    'if (!find(own, new Set())) return null;',
    'find(own, new Set());',
    [`${UNIT}graph`, `${REAL}traps`],
  ),
  guard(
    'nothing matched is nothing proven',
    `${L}patches.ts`,
    'return wanted.length > 0 && wanted.every',
    'return wanted.every',
    [`${REAL}traps`, `${REAL}guards`],
    [`${L}patches.ts`, 'commit === undefined ||', ''],
    [
      `${L}patches.ts`,
      "proof = { how: 'patches', commit,",
      "proof = { how: 'patches', commit: commit ?? climb.judging.base,",
    ],
  ),
  guard(
    'merges between the commits are clean',
    `${L}patches.ts`,
    "each.kind === 'clean' && each.tree === trees.value.get(merges[index] ?? '')",
    'true',
    [`${REAL}traps`],
  ),
  guard(
    'a merge of three is not looked through',
    `${L}patches.ts`,
    ' || more.length > 0 ? []',
    ' ? []',
    [`${REAL}guards`],
    [`${L}patches.ts`, 'const [ours, theirs, ...more]', 'const [ours, theirs]'],
  ),
  guard(
    'a merge that cannot be made again is unknown',
    `${L}patches.ts`,
    "if (failed?.kind === 'failed') climber.unread = failed.why;",
    '',
    [`${REAL}guards`],
  ),

  // Answers cut short
  guard(
    'a list of commits that ends too early is no list',
    `${L}read.ts`,
    "if (!parents.every((oid) => graph.has(oid) || edge.has(oid))) return unknown(landedMessages.cutShort('rev-list'));",
    '{}',
    [`${REAL}cut`],
    [`${L}start.ts`, "if (!confirmed.value) return fail(landedMessages.cutShort('rev-list'));", ''],
  ),
  guard(
    'what counts as reached is asked twice',
    `${L}start.ts`,
    "if (!confirmed.value) return fail(landedMessages.cutShort('rev-list'));",
    '',
    [`${REAL}cut`],
  ),
  guard(
    'a list of changes that ends too early is no list',
    `${L}read.ts`,
    'if (isRead && all.length === pairs.length + 1) return known(all.slice(0, -1));',
    'if (isRead) return known(pairs.map((_, at) => all[at] ?? []));',
    [`${REAL}cut`, `${REAL}guards`],
  ),
  guard(
    'a history that ends too early is not remembered as looked at',
    `${L}chunk.ts`,
    'grouped.length === wanted ?',
    'true ?',
    [`${REAL}guards`],
  ),
  // What a squash or a rebase may look like
  guard(
    'a renamed file may have taken in what the base did to the old one',
    `${L}search.ts`,
    'if (mayRename && isAbsent(wanted.before)) return true;',
    '',
    [`${REAL}ladder`],
  ),
  guard('deleted lines count', `${L}lines.ts`, 'take(taken.after, change.after, lines);', '', [
    `${REAL}guards`,
    `${REAL}ladder`,
  ]),
  guard(
    'moved lines are not new',
    `${L}lines.ts`,
    'for (const { before } of [change, ...deleted]) take(taken.before, before, lines);',
    '',
    [`${REAL}guards`, `${REAL}ladder`],
  ),
  guard('a rebase merge is looked for', `${L}search.ts`, 'offer(search, rebase(search, record, group), group);', '', [
    `${UNIT}search`,
    `${REAL}ladder`,
  ]),
  guard(
    'several landings in one commit are looked for',
    `${L}search.ts`,
    'offer(search, holder(search, record), group);',
    '',
    [`${UNIT}search`, `${REAL}ladder`],
  ),

  // What is remembered
  guard(
    'a proof is of its base commit',
    `${L}index.ts`,
    'if (proof?.at === base) return',
    'if (proof !== null) return',
    [`${REAL}cache`],
  ),
  guard(
    'a remembered place is of these own commits',
    `${L}start.ts`,
    'open.own === fingerprint && isReached(open.at)',
    'isReached(open.at)',
    [`${REAL}cache`],
  ),
  guard(
    'a remembered place is in the base',
    `${L}start.ts`,
    'open.own === fingerprint && isReached(open.at)',
    'open.own === fingerprint',
    [`${REAL}cache`, `${REAL}guards`],
  ),
  guard(
    'a remembered proof is in the base',
    `${L}start.ts`,
    'else if (proof !== null && isReached(proof.at))',
    'else if (proof !== null)',
    [`${REAL}cache`],
  ),
  guard('a search that was cut off is no answer', `${L}index.ts`, "at === base && code !== 'partial'", 'at === base', [
    `${REAL}cache`,
    `${REAL}guards`,
  ]),
  guard('what is remembered is of this version', `${L}cache.ts`, "value['version'] !== VERSION", 'false', [
    `${UNIT}text`,
  ]),
  guard('what is remembered has its shape', `${L}cache.ts`, 'proofs.every(isProof) && open.every(isOpen)', 'true', [
    `${UNIT}text`,
  ]),
  guard('a branch is not its own base', `${L}index.ts`, 'ref !== `refs/heads/${branch}` &&', '', [
    `${UNIT}text`,
    `${REAL}traps`,
  ]),
  guard(
    "a remote's copy of a branch is not its base",
    `${L}index.ts`,
    "!(ref.startsWith('refs/remotes/') && ref.endsWith(`/${branch}`))",
    'true',
    [`${UNIT}text`, `${REAL}traps`],
  ),
  guard(
    'managed branches are no bases',
    'observe/base.ts',
    "target === '' && !isManaged(name, options.managedBranches)",
    "target === ''",
    [`${REAL}base`],
  ),

  // Bounds
  guard(
    'bound: bases',
    `${L}index.ts`,
    'if (finding === undefined) return unknown(landedMessages.limit.bases(limits.bases));',
    'if (finding === undefined) continue;',
    [`${REAL}unknown`],
  ),
  guard(
    'bound: own commits',
    `${L}start.ts`,
    'if (own === null) return { outcome: unreadOutcome(landedMessages.limit.ownCommits(limits.ownCommits)) };',
    'if (own === null) return { outcome: { kind: "open", open: { ...BLANK, head: tip, at: base, own: "", code: "adds" }, prior: null } };',
    [`${REAL}unknown`],
  ),
  guard(
    'bound: base commits',
    `${L}start.ts`,
    'fail(far, landedMessages.limit.baseCommits(ref, limits.baseCommits));',
    "fail(far, '');",
    [`${REAL}unknown`],
  ),
  guard(
    'bound: paths',
    `${L}shape.ts`,
    'if (net.size > limits.paths) return landedMessages.limit.paths(limits.paths);',
    '',
    [`${REAL}unknown`],
  ),
  guard(
    'bound: merges',
    `${L}climb.ts`,
    'if (search.until < end) climber.limit = landedMessages.limit.merges(maxMerges);',
    '',
    [`${REAL}unknown`],
  ),
  guard(
    'bound: merges spent on picks',
    `${L}patches.ts`,
    'if (pairs === null && picking.isSpent) climber.unread =',
    'if (pairs === null && picking.isSpent) void',
    [`${REAL}guards`],
  ),
  guard(
    'bound: own commits compared',
    `${L}patches.ts`,
    'climber.limit = landedMessages.limit.patches(judging.limits.patches);',
    '',
    [`${REAL}unknown`],
  ),
  guard(
    'bound: look-alikes',
    `${L}patches.ts`,
    'if (isHeld(search)) climber.limit ??= landedMessages.limit.likes(MAX_LIKES);',
    '',
    [`${REAL}guards`],
  ),
  guard('bound: time', `${L}view.ts`, 'if (isOutOfTime())', 'if (false)', [`${REAL}unknown`]),
  guard(
    'bound: what is remembered',
    `${L}cache.ts`,
    'proofs: [...proofs.values()].slice(-remembered),',
    'proofs: [...proofs.values()],',
    [`${REAL}cache`],
  ),

  // Scratch directories
  guard(
    'a scratch directory in use is left',
    `${L}scratch.ts`,
    'if (mine.value.mtimeMs - info.value.mtimeMs < LONGEST_RUN_MS) continue;',
    '',
    [`${REAL}scratch`],
  ),
  guard(
    'a scratch directory is told by its whole name',
    `${L}scratch.ts`,
    "kind === 'directory' && NAME.test(name)",
    "kind === 'directory' && name.startsWith('reaper-hook')",
    [`${REAL}scratch`],
  ),
  guard('a scratch directory is swept', `${L}view.ts`, 'await sweepAbandoned(io.disk, scratch);', '', [
    `${REAL}scratch`,
  ]),
];
