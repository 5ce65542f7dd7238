/** The hooks that are installed, and the two kinds of file they are installed as. */

export const HOOK_NAMES = ['post-checkout', 'post-merge', 'post-rewrite'] as const;
export type HookName = (typeof HOOK_NAMES)[number];

const WRITTEN_BY =
  '# Written by "reaper-hook install", which also upgrades it; other commands may stand around the block.\n';

/** The lines before the block in a file that is wholly ours. husky's files need no interpreter line. */
export const FRAMES = { git: `#!/bin/sh\n${WRITTEN_BY}`, husky: WRITTEN_BY } as const;

/** `git`: run by git as a program. `husky`: read by the sh that husky starts. */
export type Style = keyof typeof FRAMES;
