import { defineConfig } from 'vitest/config';

/** Tests that need other people's clients: AWS CLI 2 and boto3, as Debian has them (awscli, python3-boto3). */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
