/**
 * What the rest of the program may ask of the machine: git, disk, processes, clock.
 *
 * Contract: ports are plain objects of functions, handed down from the rim, so that tests can
 * inject failures, kill a run after any effect, and set the clock. No call throws for an
 * expected failure: it answers `ok: false` with a code and the reason.
 */

export type GitAnswer =
  | { readonly ok: true; readonly stdout: string; readonly code?: number }
  | {
      readonly ok: false;
      /** git's exit code, or null when it was not started, was killed, or ran out of time. */
      readonly code: number | null;
      readonly why: string;
      readonly stderr: string;
      readonly outOfTime?: boolean;
    };

export interface GitCall {
  readonly args: readonly string[];
  /** An existing directory to start git in; never used to find a repository when `gitDir` is set. */
  readonly cwd: string;
  /** The repository, or a worktree's administrative directory. */
  readonly gitDir?: string;
  readonly workTree?: string;
  readonly input?: string;
  /** Further `-c` settings for this call. */
  readonly config?: readonly string[];
  /** Exit codes other than 0 that are an answer and not a failure. */
  readonly okCodes?: readonly number[];
  /** Treat anything on stderr as a failure. */
  readonly strict?: boolean;
  /** Leave core.hooksPath as configured, so that hooks run; only for finding and proving them. */
  readonly hooks?: true;
  /** For the commands that refuse to be told to take paths literally. */
  readonly magicPaths?: true;
  /** Variables that this one call adds to git's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface GitPort {
  run(call: GitCall): Promise<GitAnswer>;
}

export type DiskAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly why: string };

export interface FileInfo {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  /** Bytes allocated on disk. */
  readonly allocated: number;
  readonly nlink: number;
  /** Epoch milliseconds. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** What git's index remembers of a file, to the nanosecond. */
export interface ExactInfo {
  readonly kind: FileInfo['kind'];
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly size: bigint;
}

export interface DirEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other' | 'unknown';
}

/** Reading. No call follows a symbolic link in its last component unless it says so. */
export interface DiskReader {
  lstat(path: string): Promise<DiskAnswer<FileInfo>>;
  /** Follows symbolic links. */
  stat(path: string): Promise<DiskAnswer<FileInfo>>;
  /** UTF-8 text of a regular file up to `maxBytes` (default 1 MiB); larger answers EFBIG. */
  readText(path: string, maxBytes?: number): Promise<DiskAnswer<string>>;
  /**
   * Texts of many small files of one directory, in the order of `names`, at a fraction of the cost of as many
   * calls; null for what is no file, is a link, is too large or could not be read: `readText` says why.
   */
  readTexts(
    directory: string,
    names: readonly string[],
    maxBytes: number,
  ): Promise<DiskAnswer<readonly (string | null)[]>>;
  list(path: string): Promise<DiskAnswer<readonly DirEntry[]>>;
  /** Like `lstat`, with what the index compares. */
  exact(path: string): Promise<DiskAnswer<ExactInfo>>;
  /**
   * The same of many paths below one directory, in their order, at a fraction of the cost of as many calls; null
   * for what could not be looked at.
   */
  exacts(directory: string, paths: readonly string[]): Promise<readonly (ExactInfo | null)[]>;
  /** A regular file up to `maxBytes`; larger answers EFBIG. */
  readBytes(path: string, maxBytes: number): Promise<DiskAnswer<Uint8Array>>;
  readlink(path: string): Promise<DiskAnswer<string>>;
  realpath(path: string): Promise<DiskAnswer<string>>;
  /** True for the temporary file of a `writeFile` or `createFile` of this process that is not finished. */
  isWriting(path: string): Promise<boolean>;
  /** Bytes free for this user on the file system that holds `path`. */
  freeBytes(path: string): Promise<DiskAnswer<number>>;
}

/** Writing. Every call is one effect, after which a process may die. */
export interface DiskWriter {
  /** Creates `path` and missing parents, mode 0700, or `mode` less the umask. */
  makeDir(path: string, mode?: number): Promise<DiskAnswer<void>>;
  /** Fails with EEXIST when `to` is there: a rename never replaces anything. */
  rename(from: string, to: string): Promise<DiskAnswer<void>>;
  /** Replaces `path` atomically and durably: temporary file, fsync, rename, fsync of the directory. Mode 0600, or `mode`. */
  writeFile(path: string, text: string, mode?: number): Promise<DiskAnswer<void>>;
  /** Creates `path`, failing with EEXIST when it is there. */
  createFile(path: string, text: string): Promise<DiskAnswer<void>>;
  /** The same for what is of no use to anybody once this process has ended: it waits for no disk. */
  createScratch(path: string, text: string): Promise<DiskAnswer<void>>;
  /** Appends one line and fsyncs. */
  appendLine(path: string, line: string): Promise<DiskAnswer<void>>;
  /** Removes one file, link or other non-directory. */
  removeFile(path: string): Promise<DiskAnswer<void>>;
  /** Removes one empty directory. */
  removeEmptyDir(path: string): Promise<DiskAnswer<void>>;
  chmod(path: string, mode: number): Promise<DiskAnswer<void>>;
  /** Sets the modification time, epoch milliseconds; it may lie in the future. Never that of what a link points to. */
  setModified(path: string, atMs: number): Promise<DiskAnswer<void>>;
}

export type Disk = DiskReader & DiskWriter;

/** What `/proc/<pid>` (or its like) says about a process. */
export interface ProcessRecord {
  readonly pid: number;
  readonly ppid: number;
  /** The kernel's short name. */
  readonly command: string;
  readonly args: readonly string[];
  readonly zombie: boolean;
  /** Epoch milliseconds, or null where the platform does not tell. */
  readonly startedMs: number | null;
  /** Kernel ticks from boot to its start, where the platform tells. */
  readonly startTicks?: number | null;
}

export interface ProcessPort {
  readonly self: number;
  /** `kill(pid, 0)`: `alive` for success and EPERM, `dead` for ESRCH, else `unknown`. */
  signal0(pid: number): 'alive' | 'dead' | 'unknown';
  /** Reads one process; `unknown` as code when the platform has no way to. */
  read(pid: number): DiskAnswer<ProcessRecord>;
  /** Processes, by their numbers here, that have the number `pid` in a PID namespace below this one; null when that cannot be told. */
  namesakes?(pid: number): readonly number[] | null;
  /** Identifies this machine, boot and PID namespace; empty strings where unknown. */
  readonly host: {
    readonly name: string;
    readonly bootId: string;
    readonly pidNamespace: string;
    /** Epoch milliseconds by the wall clock of today; null where unknown or not to be trusted. */
    readonly bootTimeMs?: number | null;
  };
}

export interface Clock {
  /** Epoch milliseconds of the wall clock. */
  nowMs(): number;
}

/** Everything the program may touch, handed down from the command line or the library. */
export interface Io {
  readonly git: GitPort;
  readonly disk: Disk;
  readonly processes: ProcessPort;
  readonly clock: Clock;
}
