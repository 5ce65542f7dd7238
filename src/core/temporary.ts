/**
 * Names of files that are being written: `<name>.<n>.<pid>.tmp`, in which the first number may be missing.
 *
 * Contract: pure. The name says whose it is, so that what a killed process left can be told from work in progress.
 */

export interface Temporary {
  /** Name of the file that it was to become. */
  readonly target: string;
  /** The process that writes it. */
  readonly pid: number;
}

/** Reads such a name; null for any other. */
export function parseTemporary(name: string): Temporary | null {
  const [, target, pid] = /^(.+?)(?:\.\d+)?\.(\d+)\.tmp$/.exec(name) ?? [];
  return target === undefined ? null : { target, pid: Number(pid) };
}
