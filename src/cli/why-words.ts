/**
 * What each fact says, in words, for `why`.
 *
 * Contract: pure; names from outside pass through `printable`. A value that has no words of its own is quoted.
 */
import { shortRef } from '../core/messages.ts';
import type {
  Candidate,
  Changes,
  Claim,
  Fact,
  FactName,
  Ignored,
  Landing,
  Lock,
  Occupant,
  Owner,
} from '../core/model.ts';
import { duration, plural, printable, remaining } from '../core/text.ts';
import { some } from '../core/vetoes.ts';

/** A fact's answer; long lists are counted. */
export function answerWords(
  fact: FactName,
  answer: Fact<unknown>,
  { kind, nowMs }: { readonly kind: Candidate['kind']; readonly nowMs: number },
): string {
  if (!answer.known) return `unknown: ${printable(answer.why)}`;
  const { value } = answer;
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  switch (fact) {
    case 'managed':
      return `yes, by ${printable(String(value))}`;
    case 'own':
      return value === 'linked' ? OWN_WORDS[kind] : ownWords(value as string | { notOwn: string });
    case 'idle':
      return `for ${duration(nowMs - (value as { lastActivityMs: number }).lastActivityMs)}`;
    case 'lock':
      return lockWords(value as Lock);
    case 'owner':
    case 'maker':
      return ownerWords(value as Owner);
    case 'claim':
      return claimWords(value as Claim, nowMs);
    case 'landed':
      return landingWords(value as Landing);
    case 'changes':
      return changesWords(value as Changes);
    case 'ignored':
      return ignoredWords(value as Ignored);
    case 'occupied':
      return (value as Occupant[])
        .map(({ command, pid, how }) => `${printable(command)} (pid ${pid}, ${how})`)
        .join(', ');
    default:
      return Array.isArray(value)
        ? `${plural(value.length, 'item')}: ${printable(some(value.map(String)))}`
        : quoted(value);
  }
}

const OWN_WORDS: Readonly<Record<Candidate['kind'], string>> = {
  worktree: 'yes, a linked worktree',
  staging: 'yes, a file or directory of its own',
};

const quoted = (value: unknown): string => printable(typeof value === 'string' ? value : JSON.stringify(value));

const ownWords = (value: string | { readonly notOwn: string }): string =>
  typeof value === 'string' ? `no, it is ${printable(value)}` : `no: ${printable(value.notOwn)}`;

function lockWords({ reason, owner }: Lock): string {
  const said = reason === '' ? 'locked without a reason' : `"${printable(reason)}"`;
  return owner === null
    ? `${said}, which names no owner that could be asked`
    : `${said}, ${owner.liveness}: ${printable(owner.why)}`;
}

const ownerWords = ({ label, liveness, why }: Owner): string => `${printable(label)}, ${liveness}: ${printable(why)}`;

function claimWords({ label, why, leaseUntilMs }: Claim, nowMs: number): string {
  const left = leaseUntilMs !== null && leaseUntilMs > nowMs ? ` (for ${remaining(leaseUntilMs - nowMs)} more)` : '';
  return `${printable(label)}: ${printable(why)}${left}`;
}

function landingWords(landing: Landing): string {
  if (!landing.landed) return `no: ${printable(landing.why)}`;
  const { how, ref, commit } = landing.evidence;
  const what = landing.ground === 'empty' ? 'no commit of its own' : 'yes';
  return `${what}: ${how} in ${shortRef(ref)}, proved by ${commit.slice(0, 12)}`;
}

function changesWords({ tracked, untracked }: Changes): string {
  return parts([
    ['changed', tracked],
    ['untracked', untracked],
  ]);
}

function ignoredWords({ ballast, weak, precious, nested }: Ignored): string {
  return parts([
    ['precious', precious],
    ['repositories', nested],
    ['rebuildable', [...ballast, ...weak]],
  ]);
}

function parts(groups: readonly (readonly [string, readonly string[]])[]): string {
  const said = groups
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word} ${printable(some(names))}`);
  return said.length === 0 ? 'none' : said.join('; ');
}
