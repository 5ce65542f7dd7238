/**
 * The hook's program looks at itself before it does anything: is it the copy that `install` recorded?
 *
 * Contract: reads only. Failure direction: a copy that differs from its record, or has none, runs no
 * pass; nothing at all is written where the place is not ours (a link, another user's directory).
 */
import { layout } from '../core/layout.ts';
import { installedFingerprint } from '../install/program.ts';
import { readRecord } from '../install/record.ts';
import { placeObstacle } from '../io/ownplace.ts';
import type { DiskReader } from '../io/ports.ts';

export type OwnCopy =
  | { readonly state: 'sound' }
  /** Not the program that was installed: said once, and then left for a day. */
  | { readonly state: 'foreign'; readonly why: string }
  /** Not our place: nothing may even be noted there. */
  | { readonly state: 'elsewhere'; readonly why: string };

/** The common directory that a program was installed in, or null for one that runs from elsewhere. */
export function commonDirOf(programFile: string): string | null {
  const end = programFile.replaceAll('\\', '/').lastIndexOf('/reaper/bin/');
  return end < 0 ? null : programFile.slice(0, end);
}

/** Compares the running program with its record. A program that was not installed has none to compare with. */
export async function checkOwnCopy(disk: DiskReader, programFile: string): Promise<OwnCopy> {
  const commonDir = commonDirOf(programFile);
  if (commonDir === null) return { state: 'sound' };
  const paths = layout(commonDir);
  const obstacle = await placeObstacle(disk, paths.root);
  if (obstacle !== null) return { state: 'elsewhere', why: obstacle };
  const present = await installedFingerprint(disk, paths);
  const record = await readRecord(disk, paths.installed);
  return present !== null && present === record?.sha256 ? { state: 'sound' } : { state: 'foreign', why: CHANGED };
}

const CHANGED = 'the installed program is not the one that was installed; npx reaper-hook install puts it back';
