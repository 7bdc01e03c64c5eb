import { defineConfig } from 'vitest/config';

/** Statements with a rule taken out, each of which some case of the contract must notice. A minute. */
export default defineConfig({
  test: {
    include: ['test/mutants/**/*.test.ts'],
    globalSetup: ['test/support/postgres/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
