/** The commands, by the file that answers them. */

/** Each command's code is loaded when it is asked for: most of a short command's time would go into the others. */
export const commands = {
  claims: () => import('./claims.ts'),
  demo: () => import('./demo.ts'),
  doctor: () => import('./doctor.ts'),
  log: () => import('./log.ts'),
  purge: () => import('./purge.ts'),
  restore: () => import('./restore.ts'),
  init: () => import('./init.ts'),
  landed: () => import('./landed.ts'),
  report: () => import('./report.ts'),
  run: () => import('./run.ts'),
  setup: () => import('./setup.ts'),
  status: () => import('./status.ts'),
  why: () => import('./why.ts'),
};
