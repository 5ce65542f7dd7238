import { defineConfig } from 'vitest/config';

const project = (name: string, include: string, testTimeout: number) => ({
  test: { name, include: [include], testTimeout, hookTimeout: testTimeout, environment: 'node' as const },
});

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // A worker that a busy machine lets end late has still passed its tests.
    teardownTimeout: 60_000,
    globalSetup: ['test/support/global-setup.ts'],
    // Limits for what hangs, not for what is slow: some ten times what each takes on a busy machine with two cores.
    projects: [
      project('unit', 'test/unit/**/*.test.ts', 60_000),
      project('real-git', 'test/real-git/**/*.test.ts', 300_000),
      project('hazards', 'test/hazards/**/*.test.ts', 300_000),
      project('crash', 'test/crash/**/*.test.ts', 1_800_000),
      project('model', 'test/model/**/*.test.ts', 3_600_000),
      project('e2e', 'test/e2e/**/*.test.ts', 600_000),
    ],
  },
});
