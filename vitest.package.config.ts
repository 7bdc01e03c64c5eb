import { defineConfig } from 'vitest/config';

/** The package as others install it: the only tests that need npm's registry. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    testTimeout: 5 * 60_000,
    hookTimeout: 10 * 60_000,
  },
});
