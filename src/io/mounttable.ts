/**
 * The list of mounted file systems, as the system keeps it.
 *
 * Contract: reads the kernel's own list; no mounted file system is touched, so one that does not answer
 * cannot hold this up. Failure direction: no list is an error, never an empty list.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { DiskAnswer } from './ports.ts';
import { findProgram } from './program.ts';

/** `mount` prints from the kernel's memory; it takes milliseconds or hangs. */
const MOUNT_TIMEOUT_MS = 2_000;

/** The text of the mount list and its form. */
export interface MountList {
  readonly form: 'mountinfo' | 'mount';
  readonly text: string;
}

/** Reads `/proc/self/mountinfo`, or asks `mount` where there is none. */
export async function readMounts(mountinfo = '/proc/self/mountinfo'): Promise<DiskAnswer<MountList>> {
  try {
    return { ok: true, value: { form: 'mountinfo', text: readFileSync(mountinfo, 'utf8') } };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? askMount() : { ok: false, code: code ?? 'UNKNOWN', why: message };
  }
}

/** Files that loop devices make file systems of; none where the system has no such devices. */
export function readLoopFiles(devices = '/sys/block'): DiskAnswer<string[]> {
  const files: string[] = [];
  try {
    for (const name of unlessAbsent(() => readdirSync(devices), []).filter((device) => device.startsWith('loop')))
      files.push(unlessAbsent(() => readFileSync(`${devices}/${name}/loop/backing_file`, 'utf8'), '').trimEnd());
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, code: code ?? 'UNKNOWN', why: message };
  }
  return { ok: true, value: files.filter((file) => file !== '') };
}

/** A device that is not in use has no such file, or one that answers so (ENXIO, ENODEV). */
function unlessAbsent<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENXIO', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}

function askMount(): Promise<DiskAnswer<MountList>> {
  const program = findProgram('mount', [], '/sbin:/usr/sbin:/bin:/usr/bin');
  if (program === null) return Promise.resolve({ ok: false, code: 'ENOENT', why: 'mount is not installed' });
  return new Promise((resolve) => {
    const options = { timeout: MOUNT_TIMEOUT_MS, killSignal: 'SIGKILL', cwd: '/', env: { LC_ALL: 'C' } } as const;
    execFile(program, [], options, (error, stdout) =>
      error === null
        ? resolve({ ok: true, value: { form: 'mount', text: stdout } })
        : resolve({ ok: false, code: String(error.code ?? 'ETIMEDOUT'), why: 'mount did not answer' }),
    );
  });
}
