import { defineConfig } from 'vitest/config';

/** The soak: minutes, in real time, with nobody else on the machine if possible. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    testTimeout: 15 * 60_000,
    hookTimeout: 3 * 60_000,
  },
});
