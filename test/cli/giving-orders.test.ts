// Real: the program and the SDK over HTTP. Doubles: the functions, which answer what the test says, the terminal, and time, which
// stands at 2026-11-26 12:00 UTC.
import { describe, expect, test } from 'vitest';
import { ScriptedStack } from './scripted-stack.ts';

describe('an order', () => {
  const counted = (request: Readonly<Record<string, unknown>>) =>
    request['dry_run'] === true
      ? { dry_run: true, matched: 3, changed: 0, refused: [], complete: true, dismissed: 2, expunged: 1 }
      : { order_id: 5, state: 'done', matched: 3, changed: 3, refused: [], complete: true };

  test('is counted first and asked for on a terminal', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const { code, out, err } = await stack.run(['redeliver', '--reason', 'timeout', '--since', '1d'], {
      answers: true,
    });
    expect(err).toContain(
      `Redeliver 3 deliveries of the local stack in ${stack.dataDir} (2 of them dismissed; 1 of them erased`,
    );
    expect(out).toBe('order 5: 3 of 3 done');
    expect(code).toBe(0);
    const selection = { action: 'redeliver', reason: 'timeout', dead_since: '2026-11-25T12:00:00.000Z' };
    expect(stack.asked.map(({ request }) => request)).toEqual([
      { ...selection, dry_run: true },
      { ...selection, by: expect.any(String) },
    ]);
  });

  test('is not given where the answer is no, or nobody can be asked', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const no = await stack.run(['cancel', '42'], { answers: false });
    expect([no.code, no.err]).toEqual([1, expect.stringContaining('nothing was changed')]);
    const nobody = await stack.run(['cancel', '42']);
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('Cancel 3 deliveries of')]);
    expect(nobody.err).toContain('--yes');
    expect(stack.asked.filter(({ request }) => request['dry_run'] !== true)).toEqual([]);
  });

  test('of a single one speaks of one', async () => {
    const one = { dry_run: true, matched: 1, changed: 0, refused: [], complete: true, dismissed: 0, expunged: 0 };
    const stack = await ScriptedStack.open({ operate: () => one });
    expect((await stack.run(['cancel', '42'])).err).toContain('Cancel 1 delivery of');
  });

  test('of everything is refused before anything is asked', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    expect((await stack.run(['expunge', '--yes'])).code).toBe(2);
    expect(stack.asked).toEqual([]);
  });

  test('only counts with --dry-run', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const { out } = await stack.run(['dismiss', '--host', 'example.com', '--dry-run']);
    expect(out).toBe(
      '3 match (2 of them dismissed; 1 of them erased: none of these can be sent again); nothing was changed',
    );
    expect(stack.asked).toHaveLength(1);
  });

  test('carries its note, key and pace', async () => {
    const stack = await ScriptedStack.open({ operate: counted });
    const options = ['--note', 'they lost it', '--order-key', 'k', '--per-second', '5', '--max-attempts', '2'];
    await stack.run(['replay', '42', ...options, '--yes']);
    expect(stack.asked[0]?.request).toMatchObject({
      note: 'they lost it',
      order_key: 'k',
      per_second: 5,
      max_attempts: 2,
    });
  });

  test('that goes on is followed until it is done with --wait, and left alone without', async () => {
    const states = ['running', 'done'];
    const stack = await ScriptedStack.open({
      operate: () => ({ order_id: 5, state: 'running', matched: 9, changed: 1, refused: [], complete: false }),
      inspect: () => ({ orders: [{ order_id: 5, state: states.shift(), matched: 9, done: 9 - states.length }] }),
    });
    const waited = await stack.run(['redeliver', '--host', 'example.com', '--yes', '--wait']);
    expect(waited.err).toBe('order 5 is done: 9 of 9 done');
    const left = await stack.run(['redeliver', '--host', 'example.com', '--yes']);
    expect(left.err).toContain('it goes on by itself');
  });

  test('that is paced says when the last one has its turn, as long as that is to come', async () => {
    const order = (last_due_at: string) => ({ ...counted({}), last_due_at });
    const later = await ScriptedStack.open({ operate: () => order('2026-11-26T12:05:00.000Z') });
    const { err } = await later.run(['redeliver', '42', '--yes']);
    expect(err).toBe('done means pending again: each has its turn, the last one at 2026-11-26T12:05:00.000Z');
    const past = await ScriptedStack.open({ operate: () => order('2026-11-26T11:59:00.000Z') });
    expect((await past.run(['redeliver', '42', '--yes'])).err).toBe('');
  });

  test('says what it left, and why', async () => {
    const refused = [{ delivery_id: 43, because: 'pending' }];
    const stack = await ScriptedStack.open({ operate: () => ({ ...counted({}), refused }) });
    expect((await stack.run(['redeliver', '42', '43', '--yes'])).err).toBe('left: 43 pending');
  });
});
