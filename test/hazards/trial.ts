/**
 * One case, one cleaner, and what came of it.
 *
 * Contract: brings the case about, dates everything back, pictures the disk, lets the cleaner work,
 * and pictures it again. The disk says what was lost; for our own pass its verdicts are the other
 * oracle, and what it reclaimed must come back, byte for byte but for ballast.
 */
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PassReport } from '../../src/pass.ts';
import { endAll } from '../support/children.ts';
import { DAY } from '../support/repo.ts';
import { type Cleaner, placeToStand } from './cleaners.ts';
import type { Hazard, Scene } from './hazard.ts';
import { differences, type Picture, picture, registrationOf } from './oracle.ts';
import { ours, restoreAll, verdictProblems } from './ours.ts';
import { dateBack, makeStage, type Stage } from './stage.ts';

export interface Trial {
  /** What had to survive and did not, in words. */
  readonly lost: readonly string[];
  /** What had to go and is still there. */
  readonly kept: readonly string[];
  /** Where our pass did not give the reason it had to give, or another promise was broken. */
  readonly wrong: readonly string[];
  readonly report: PassReport | null;
  /** False when the case is about something else than what is on the disk. */
  readonly hasPaths: boolean;
}

/** Nobody was here for this long: age alone would take everything. */
const LONG_AGO_MS = 30 * DAY;

/** Brings `hazard` about and lets `cleaner` loose on it. */
export async function tryOut(hazard: Hazard, cleaner: Cleaner = ours): Promise<Trial> {
  const stage = makeStage();
  try {
    const scene = await hazard.make(stage);
    dateBack(stage.place, scene.ageMs ?? LONG_AGO_MS);
    scene.lastly?.();
    return await cleanUp(hazard, cleaner, stage, scene);
  } finally {
    endAll();
    for (const each of stage.cleanup.toReversed()) each();
  }
}

async function cleanUp(hazard: Hazard, cleaner: Cleaner, stage: Stage, scene: Scene): Promise<Trial> {
  let before = look(stage, scene);
  let hasCome = false;
  const moment = (): void => {
    if (hasCome || scene.between === undefined) return;
    hasCome = true;
    scene.between();
    before = look(stage, scene);
  };
  const report = await cleaner.clean(stage, scene, moment);
  const kept = (scene.goes ?? []).filter((path) => existsSync(path));
  const lost = differing(before.survives, look(stage, scene).survives);
  const hasPaths = (scene.survives ?? []).length + (scene.goes ?? []).length > 0;
  if (cleaner !== ours) return { lost, kept, wrong: [], report, hasPaths };
  const wrong = verdictProblems(hazard, scene, report, kept);
  if (scene.between !== undefined && !hasCome) wrong.push('nothing came between the look and the act');
  try {
    await scene.afterwards?.(report);
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  if (report !== null && scene.restores !== false) {
    const { ballast, problems } = await restoreAll(stage, scene, report);
    const after = look(stage, scene);
    const back = differing(before.goes, after.goes, (name) =>
      ballast.some((each) => name.startsWith(`./${each}/`) || name === `./${each}`),
    );
    const refs = differences(before.refs, after.refs, (name) => !before.refs.has(name));
    wrong.push(...problems, ...[...back, ...refs].map((each) => `not restored: ${each}`));
  }
  return { lost, kept, wrong, report, hasPaths };
}

interface Look {
  readonly survives: ReadonlyMap<string, Picture>;
  readonly goes: ReadonlyMap<string, Picture>;
  readonly refs: Picture;
}

function look(stage: Stage, { survives = [], goes = [] }: Scene): Look {
  const all = (paths: readonly string[]) => new Map(paths.map((path) => [path, wholePicture(path)]));
  const names = ['refs/heads', 'refs/tags', 'refs/remotes', 'refs/stash'];
  const listed = stage.tries(['for-each-ref', ...names], placeToStand(stage));
  const refs = new Map(listed.stdout.split('\n').map((line) => [line.slice(line.indexOf('\t')), line]));
  return { survives: all(survives), goes: all(goes), refs };
}

/** A worktree is its directory and its registration; our own lock on it is not a change. */
function wholePicture(path: string): Picture {
  const whole = new Map(picture(path));
  const registration = registrationOf(path);
  if (registration === null) return whole;
  for (const [name, what] of picture(registration, (each) => each === './locked' && isOurLock(registration)))
    whole.set(`registration ${name}`, what);
  return whole;
}

function isOurLock(registration: string): boolean {
  const lock = join(registration, 'locked');
  return lstatSync(lock).isFile() && readFileSync(lock, 'utf8').startsWith('reaper-hook is moving this worktree');
}

function differing(
  before: ReadonlyMap<string, Picture>,
  after: ReadonlyMap<string, Picture>,
  isLeftOut: (name: string) => boolean = () => false,
): string[] {
  return [...before].flatMap(([path, was]) =>
    differences(was, after.get(path) ?? new Map(), isLeftOut).map((each) => `${path}: ${each}`),
  );
}
