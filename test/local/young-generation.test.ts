// Real: Node with the flags of `npm start`, and without them as the control. No doubles. Never asserted: what of it is resident.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { START_ARGUMENTS } from '../support/stack/stack-process.ts';

const LIMIT_BYTES = 32 * 1024 * 1024;

/** Makes what the twin makes: objects that live for some requests. Ends after 200 MB a generation, or past the limit. */
const CHURN = `
  const v8 = require('node:v8');
  const size = () => v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const requests = [];
  let most = 0;
  for (let round = 0; round < 400 && most <= ${LIMIT_BYTES}; round++) {
    requests.push(Array.from({ length: 10_000 }, (_, n) => ({ n, text: 'x' + n, list: [n] })));
    if (requests.length > 12) requests.shift();
    most = Math.max(most, size());
  }
  process.stdout.write(String(most));
`;

async function mostOf(flags: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', CHURN]);
  return Number(stdout);
}

it('npm start keeps the young generation below 32 MiB, which without its flags would grow past that', async () => {
  expect(await mostOf(START_ARGUMENTS.slice(0, -1))).toBeLessThanOrEqual(LIMIT_BYTES);
  expect(await mostOf([])).toBeGreaterThan(LIMIT_BYTES);
});
