import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Slower ones have commands of their own: npm run test:browser, npm run chaos, npm run test:package.
    exclude: ['test/browser/**', 'test/chaos/**', 'test/package/**'],
    reporters: ['default', './test/support/plain-count-reporter.ts'],
    globalSetup: ['test/support/postgres/global-setup.ts'],
    // A start of the whole stack takes seconds on two busy cores.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
