/** Waiting, with a bound, for what another process does. */
import { setTimeout as sleep } from 'node:timers/promises';

/** The first answer to `question` that is one; fails with `what` when there is none within the bound. */
export async function eventually<T>(what: string, question: () => T | undefined | false, boundMs = 60_000): Promise<T> {
  const endMs = Date.now() + boundMs;
  for (;;) {
    const answer = question();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > endMs) throw new Error(`not within ${boundMs} ms: ${what}`);
    await sleep(20);
  }
}
