import { defineConfig } from 'vitest/config';

/** Suites by what they need: `unit` nothing, `cloud` the local cloud (started once by test/local-cloud-setup.ts). */
export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,property,contract,infra,kill,types,regression,fuzz}/**/*.test.ts', 'test/*.test.ts'],
          exclude: ['test/**/*.cloud.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cloud',
          include: ['test/**/*.cloud.test.ts', 'test/{integration,e2e}/**/*.test.ts'],
          globalSetup: ['test/local-cloud-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
