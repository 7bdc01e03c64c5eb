import { defineConfig } from 'vitest/config';

/** The rules of the protocol are tested whole by their own tests, in a second: every line and branch of shared/delivery/ and shared/endpoints/. */
export default defineConfig({
  test: {
    // The headers' rules are tested beside the requests that they judge first.
    include: [
      'test/shared/delivery/**/*.test.ts',
      'test/shared/enqueue/judge-custom-headers.test.ts',
      'test/shared/endpoints/**/*.test.ts',
    ],
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['shared/delivery/**/*.ts', 'shared/endpoints/**/*.ts'],
      reporter: ['text'],
      thresholds: { 100: true },
    },
  },
});
