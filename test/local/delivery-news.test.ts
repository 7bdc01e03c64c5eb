// Real: the news and the screen. Doubles: the clock, the functions' lines, and the terminal, which keeps what it is given.
import { describe, expect, test } from 'vitest';
import { createDeliveryNews } from '../../local/twin/delivery-news.ts';
import { createScreen } from '../../local/twin/screen.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';

function atTerminal() {
  const timers = new ManualTimers();
  const said: string[] = [];
  const shown: (string | undefined)[] = [];
  const screen = {
    say: (line: string) => void said.push(line),
    status: (text: string | undefined) => void shown.push(text),
  };
  const news = createDeliveryNews({ screen, timers });
  const line = (fields: object, message = 'attempt') =>
    news.readLine({
      functionName: 'deliver',
      processId: 'p',
      requestId: 'r',
      stream: 'stdout',
      text: JSON.stringify({
        message,
        delivery_id: 7,
        attempt: 1,
        max_attempts: 5,
        origin: 'http://127.0.0.1:4566',
        ...fields,
      }),
    });
  return { timers, said, shown, line, end: () => news.end() };
}

describe('the terminal', () => {
  test('tells of each attempt what it was and when the next one is', () => {
    const { said, line } = atTerminal();
    line({ outcome: 'succeeded', status: 200 });
    line({ outcome: 'retry', status: 503, next_due_in_seconds: 31.2 });
    line({ outcome: 'retry', error_class: 'timeout', attempt: 4, next_due_in_seconds: 600 });
    line({ outcome: 'dead', status: 404 });
    expect(said).toEqual([
      '  delivery 7 to http://127.0.0.1:4566: attempt 1 of 5 delivered (200)',
      '  delivery 7 to http://127.0.0.1:4566: attempt 1 of 5 failed (503), the next in 32 s',
      '  delivery 7 to http://127.0.0.1:4566: attempt 4 of 5 failed (timeout), the next in 10 min',
      '  delivery 7 to http://127.0.0.1:4566: attempt 1 of 5 failed (404), and it is a dead letter now',
    ]);
  });

  test('counts down to the next attempt until it has been made', async () => {
    const { timers, shown, line } = atTerminal();
    line({ outcome: 'retry', status: 503, next_due_in_seconds: 3 });
    await timers.advance(1_000);
    await timers.advance(1_000);
    line({ outcome: 'succeeded', status: 200, attempt: 2 });
    await timers.advance(1_000);
    expect(shown).toEqual(['  attempt 2 of delivery 7 in 2 s', '  attempt 2 of delivery 7 in 1 s', undefined]);
  });

  test('counts what is more than a person can read', async () => {
    const { timers, said, line } = atTerminal();
    for (let id = 1; id <= 100; id += 1) line({ delivery_id: id, outcome: 'succeeded', status: 200 });
    line({ delivery_id: 101, outcome: 'dead', status: 404 });
    await timers.advance(1_000);
    expect(said).toHaveLength(6);
    expect(said.at(-1)).toBe('  and more: 95 delivered, 1 failed');
  });

  test('ends with the stack', async () => {
    const { timers, said, shown, line, end } = atTerminal();
    line({ outcome: 'retry', status: 503, next_due_in_seconds: 30 });
    await timers.advance(1_000);
    end();
    line({ outcome: 'succeeded', status: 200 });
    await timers.advance(5_000);
    expect([said.length, shown]).toEqual([1, ['  attempt 2 of delivery 7 in 29 s', undefined]]);
  });

  test('passes over other lines', async () => {
    const { timers, said, shown, line } = atTerminal();
    line({}, 'swept');
    line({ delivery_id: 'none' });
    await timers.advance(5_000);
    expect([said, shown]).toEqual([[], []]);
  });
});

describe('the screen', () => {
  const written = (isTTY: boolean) => {
    let text = '';
    const screen = createScreen({ isTTY, write: (more: string) => (text += more) });
    screen.say('one');
    screen.status('3 s');
    screen.say('two');
    screen.status('2 s');
    screen.status(undefined);
    return text.replaceAll('\r\u001B[2K', '<clear>');
  };

  test('keeps the countdown below the lines', () => {
    expect(written(true)).toBe('one\n3 s<clear>two\n3 s<clear>2 s<clear>');
  });

  test('has none in a file or a pipe', () => {
    expect(written(false)).toBe('one\ntwo\n');
  });
});
