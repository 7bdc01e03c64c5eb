import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The examples import the package by its name: here that is this checkout.
  resolve: { conditions: ['surehook-source'] },
  ssr: { resolve: { conditions: ['surehook-source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // What is slow, or needs another program, has a command of its own: npm run test:browser, test:clients, test:schema, test:package, chaos.
    exclude: [
      'test/browser/**',
      'test/chaos/**',
      'test/clients/**',
      'test/mutants/**',
      'test/package/**',
      'test/schema/python/**',
    ],
    reporters: ['default', './test/support/plain-count-reporter.ts'],
    globalSetup: ['test/support/postgres/global-setup.ts'],
    // Half of the time is waiting: for a database to start, a lease to run out, a process to end. Vitest's own choice, a worker less
    // than there are cores, is one worker on a machine of two.
    maxWorkers: availableParallelism() + 1,
    // A start of the whole stack takes seconds on two busy cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
