/**
 * Whether cut-off history could have changed what git made of two commits.
 *
 * Contract: a merge rests on the commits that only one side reaches and on where the sides meet.
 * With one meeting place, and no cut-off commit on only one side, both are what they would be in
 * the complete repository. Complete repositories cost nothing.
 * Failure direction: in doubt, no.
 */
import { type Fact, known, type Oid, unknown } from '../../core/model.ts';
import { landedMessages } from './messages.ts';
import type { View } from './view.ts';

export async function isWholeBetween(view: View, one: string, other: Oid): Promise<Fact<boolean>> {
  if (view.shallow.size === 0) return known(true);
  const meeting = await view.run(['merge-base', '--all', one, other], undefined, [1]);
  if (!meeting.ok) return unknown(landedMessages.unread(meeting.why));
  if (meeting.stdout.trim().split('\n').length !== 1 || meeting.stdout.trim() === '') return known(false);
  const [beyondOne, beyondOther] = [await cutOffBeyond(view, one), await cutOffBeyond(view, other)];
  if (!beyondOne.known) return beyondOne;
  if (!beyondOther.known) return beyondOther;
  return known(beyondOne.value === beyondOther.value);
}

/** The cut-off commits that `tip` does not reach, sorted, as one text. */
async function cutOffBeyond(view: View, tip: string): Promise<Fact<string>> {
  const input = `${[...view.shallow].join('\n')}\n^${tip}\n`;
  const answer = await view.run(['rev-list', '--ignore-missing', '--stdin'], input);
  if (!answer.ok) return unknown(landedMessages.unread(answer.why));
  return known(answer.stdout.trim().split('\n').sort().join(' '));
}
