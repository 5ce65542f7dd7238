/** Which git the tests of newer features run with: the one on PATH, or the one that REAPER_TEST_GIT names. */
import { execFileSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

const named = process.env.REAPER_TEST_GIT;
if (named !== undefined) process.env.PATH = [dirname(named), process.env.PATH].join(delimiter);

/** `git version 2.55.0`, for the names of tests. */
export const gitVersion = execFileSync('git', ['version'], { encoding: 'utf8' }).trim();

const [major = 0, minor = 0] = gitVersion.match(/\d+/g)?.map(Number) ?? [];

/** Whether that git is 2.`since` or later. */
export const isSince = (since: number): boolean => major > 2 || (major === 2 && minor >= since);
