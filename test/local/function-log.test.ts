// Real: files. No doubles: written to without a pause, any disk is slow.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFunctionLog } from '../../local/twin/function-log.ts';

const LINE = { functionName: 'deliver', processId: '1', requestId: undefined, stream: 'stdout' as const };
/** With the function's name before it and the line's end: 100 bytes. */
const text = 'x'.repeat(91);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('functions.log', () => {
  it('and the one put aside never hold more than twice the limit, whatever is written, and the last line is among them', async () => {
    const log = openFunctionLog(folder, () => undefined, { file: 10_000, waiting: 1_000_000 });
    for (let number = 0; number < 5_000; number++) log.write({ ...LINE, text });
    log.write({ ...LINE, text: 'the last' });
    await log.close();
    expect(readdirSync(folder).sort()).toEqual(['functions.log', 'functions.log.1']);
    const bytes = ['functions.log', 'functions.log.1'].map((name) => statSync(join(folder, name)).size);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(10_100);
    expect(read('functions.log').endsWith('deliver the last\n')).toBe(true);
  });

  it('goes on where an earlier start has left it', async () => {
    writeFileSync(join(folder, 'functions.log'), 'of before\n');
    const log = openFunctionLog(folder, () => undefined);
    log.write({ ...LINE, text: 'new' });
    await log.close();
    expect(read('functions.log')).toBe('of before\ndeliver new\n');
  });

  it('that is full at a start is put aside', async () => {
    writeFileSync(join(folder, 'functions.log'), 'x'.repeat(2_000));
    const log = openFunctionLog(folder, () => undefined, { file: 1_000, waiting: 1_000_000 });
    log.write({ ...LINE, text: 'new' });
    await log.close();
    expect(read('functions.log')).toBe('deliver new\n');
    expect(read('functions.log.1')).toHaveLength(2_000);
  });

  it('of more than the disk takes at once leaves lines out and says how many, instead of filling the memory', async () => {
    const log = openFunctionLog(folder, () => undefined, { file: 10_000_000, waiting: 10_000 });
    for (let number = 0; number < 1_000; number++) log.write({ ...LINE, text });
    await log.close();
    const lines = read('functions.log').trimEnd().split('\n');
    expect(lines).toHaveLength(102);
    expect(lines.at(-1)).toBe('surehook: the disk was too slow for 899 lines');
  });
});

it('tells the terminal what went wrong, and not what a caller did wrong', async () => {
  const said: string[] = [];
  const log = openFunctionLog(folder, (line) => said.push(line));
  log.write({ ...LINE, text: '{"level":"INFO"}' });
  log.write({ ...LINE, text: '{"level":"ERROR","errorType":"InvalidRequest"}' });
  log.write({ ...LINE, text: '{"level":"ERROR","errorType":"DatabaseRefused"}' });
  log.write({ ...LINE, stream: 'platform', text: 'Runtime exited' });
  await log.close();
  expect(said).toEqual(['deliver: {"level":"ERROR","errorType":"DatabaseRefused"}', 'deliver: Runtime exited']);
});
