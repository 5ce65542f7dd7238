/**
 * How much longer things take here because others keep the processors busy.
 *
 * Contract: the kernel's own count of how long this process ran, and how long it could have run but had to
 * wait its turn. Failure direction: where there is no such count, nothing takes longer.
 */
import { readFileSync } from 'node:fs';

/** 1 with a processor to itself, 10 where it gets a tenth of one; from the start of the process until now. */
export function slowdown(): number {
  try {
    return parseSchedstat(readFileSync('/proc/self/schedstat', 'utf8'));
  } catch {
    return 1;
  }
}

/** Nanoseconds run, nanoseconds waited, and how often it was its turn. */
export function parseSchedstat(text: string): number {
  const [ran = 0, waited = 0] = text.trim().split(' ').map(Number);
  return ran > 0 && waited > 0 ? 1 + waited / ran : 1;
}
