import { defineConfig } from 'vitest/config';

/** Tests that need other people's clients: AWS CLI 2 and boto3, SQLAlchemy and its drivers, as Debian has them. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    globalSetup: ['test/support/postgres/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
