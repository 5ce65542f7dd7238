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
    projects: [
      project('unit', 'test/unit/**/*.test.ts', 20_000),
      project('real-git', 'test/real-git/**/*.test.ts', 60_000),
      project('hazards', 'test/hazards/**/*.test.ts', 60_000),
      project('crash', 'test/crash/**/*.test.ts', 600_000),
      project('model', 'test/model/**/*.test.ts', 900_000),
      project('e2e', 'test/e2e/**/*.test.ts', 120_000),
    ],
  },
});
