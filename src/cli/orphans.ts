/** What a person can do about a process that was left behind. Nothing here ever ends one. */

export const orphanGuidance = (pid: number): string => `ps -fp ${pid}; when nobody needs it: kill ${pid}`;
