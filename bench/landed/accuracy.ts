/**
 * How many landed branches are found, against simpler ways to tell, and whether every proof holds.
 *
 * Each proof is made again here, with plain git and none of the program's code.
 */
import type { Evidence } from '../../src/core/model.ts';
import { questionKey } from '../../src/observe/landed/index.ts';
import { isPickedInto } from '../../test/support/picked.ts';
import { type Branch, type Corpus, git, landingsOf, openCorpora, table, tryGit } from './corpus.ts';

/** Prints the table; false when a branch that is marked is missed too often, or a proof does not hold. */
export async function run(folder: string, place: string): Promise<boolean> {
  const rows: (string | number)[][] = [
    [
      'corpus',
      'branches',
      'marked',
      'ours',
      'recall',
      'ancestry',
      'cherry',
      'patch-id',
      'adds-nothing',
      'also',
      'unknown',
      'false',
    ],
  ];
  let isGood = true;
  for (const corpus of openCorpora(folder, place)) {
    const { row, isGood: isCorpusGood } = await measure(corpus);
    rows.push(row);
    isGood &&= isCorpusGood;
  }
  console.log(table(rows));
  console.log(
    '\nmarked: landed by the forge; ours to adds-nothing: of those, found that way; also: found, not marked;',
  );
  console.log('unknown: kept for a reason other than "not landed"; false: proofs that do not hold when made again.');
  return isGood;
}

async function measure(corpus: Corpus) {
  const { landings } = landingsOf(corpus.gitDir);
  const questions = corpus.branches.map(({ question }) => question);
  const proofs = await landings.prove(questions, corpus.bases);
  const landed = new Map<Branch, Evidence>();
  const missed: string[] = [];
  let unknowns = 0;
  for (const branch of corpus.branches) {
    const proof = proofs.get(questionKey(branch.question));
    if (proof?.known === true && proof.value.landed) landed.set(branch, proof.value.evidence);
    else if (branch.marked !== null)
      missed.push(`${branch.question.branch}: ${proof?.known ? '' : 'unknown: '}${whyOf(proof)}`);
    if (proof?.known !== true) unknowns++;
  }
  const broken = [...landed].filter(([{ question }, evidence]) => !holds(corpus, question.head, evidence));
  const marked = corpus.branches.filter((branch) => branch.marked !== null);
  const found = marked.filter((branch) => landed.has(branch)).length;
  const baselines = [isAncestor, isCherryEmpty, hasSquashPatch, addsNothing].map(
    (way) => marked.filter((branch) => way(corpus, branch.question.head)).length,
  );
  for (const each of missed) console.log(`missed in ${corpus.name}: ${each}`);
  for (const [{ question }, { how, commit }] of broken)
    console.log(`false in ${corpus.name}: ${question.branch} ${how} ${commit}`);
  const also = landed.size - found;
  const recall = `${((100 * found) / marked.length).toFixed(1)} %`;
  const row = [
    corpus.name,
    corpus.branches.length,
    marked.length,
    found,
    recall,
    ...baselines,
    also,
    unknowns,
    broken.length,
  ];
  return { row, isGood: broken.length === 0 && found >= 0.99 * marked.length };
}

function whyOf(proof: { known: boolean; why?: string; value?: object } | undefined): string {
  if (proof === undefined) return 'no answer';
  return proof.why ?? (proof.value as { why?: string }).why ?? '';
}

/** Makes the proof again. */
function holds(corpus: Corpus, head: string, { how, commit }: Evidence): boolean {
  const { gitDir } = corpus;
  if (how === 'ancestor') return isAncestor(corpus, head);
  if (tryGit(gitDir, ['merge-base', '--is-ancestor', commit, baseOf(corpus)]) === null) return false;
  if (how === 'adds-nothing') return merged(gitDir, commit, head) === treeOf(gitDir, commit);
  if (how === 'patches') return isPickedInto((args) => git(gitDir, args), baseOf(corpus), head);
  const count = Number(git(gitDir, ['rev-list', '--count', '--no-merges', head, `^${baseOf(corpus)}`]));
  return [1, count].some((back) => merged(gitDir, `${commit}~${back}`, head) === treeOf(gitDir, commit));
}

const baseOf = (corpus: Corpus): string => corpus.bases[0]?.oid ?? '';
const treeOf = (gitDir: string, commit: string): string => git(gitDir, ['rev-parse', `${commit}^{tree}`]);
const merged = (gitDir: string, ours: string, theirs: string): string | null =>
  tryGit(gitDir, ['merge-tree', '--write-tree', '--no-messages', ours, theirs]);

const isAncestor = (corpus: Corpus, head: string): boolean =>
  tryGit(corpus.gitDir, ['merge-base', '--is-ancestor', head, baseOf(corpus)]) !== null;

const isCherryEmpty = (corpus: Corpus, head: string): boolean =>
  !(tryGit(corpus.gitDir, ['cherry', baseOf(corpus), head]) ?? '+').includes('+');

const addsNothing = (corpus: Corpus, head: string): boolean =>
  merged(corpus.gitDir, baseOf(corpus), head) === treeOf(corpus.gitDir, baseOf(corpus));

const patchIds = new Map<string, Set<string>>();

/** Whether some base commit has the patch of the whole branch. */
function hasSquashPatch(corpus: Corpus, head: string): boolean {
  const { gitDir } = corpus;
  const base = baseOf(corpus);
  const ids =
    patchIds.get(base) ??
    new Set(idsOf(gitDir, git(gitDir, ['log', '-p', '--first-parent', '--diff-merges=off', base])));
  patchIds.set(base, ids);
  const mergeBase = tryGit(gitDir, ['merge-base', base, head]);
  if (mergeBase === null) return false;
  return idsOf(gitDir, `${git(gitDir, ['diff', mergeBase, head])}\n`).some((id) => ids.has(id));
}

const idsOf = (gitDir: string, patches: string): string[] =>
  git(gitDir, ['patch-id', '--stable'], `${patches}\n`)
    .split('\n')
    .flatMap((line) => line.split(' ')[0] || []);
