import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Slower ones, and those that need more of a machine, have commands of their own: npm run test:browser, test:clients,
    // test:package, chaos.
    exclude: ['test/browser/**', 'test/chaos/**', 'test/clients/**', 'test/package/**'],
    reporters: ['default', './test/support/plain-count-reporter.ts'],
    globalSetup: ['test/support/postgres/global-setup.ts'],
    // A start of the whole stack takes seconds on two busy cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
