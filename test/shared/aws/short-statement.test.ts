// Pure: nothing is real and nothing is a double.
import { expect, test } from 'vitest';
import { createShortStatement } from '../../../shared/aws/short-statement.ts';

/** How many calls pass without the short statement after each of these, which did none of ten. */
function callsLeftOut(short: ReturnType<typeof createShortStatement>, times: number): number[] {
  return Array.from({ length: times }, () => {
    let passed = 0;
    while (!short.isWorthAsking()) passed++;
    short.did(0, 10);
    return passed;
  });
}

test('is asked while it does half of what it is asked for', () => {
  const short = createShortStatement();
  for (let call = 0; call < 5; call++) {
    expect(short.isWorthAsking()).toBe(true);
    short.did(5, 10);
  }
});

test('is left out for longer and longer while it does nothing, and never for good', () => {
  expect(callsLeftOut(createShortStatement(), 8)).toEqual([0, 1, 2, 4, 8, 16, 16, 16]);
});

test('is asked at every call again as soon as it was worth it', () => {
  const short = createShortStatement();
  callsLeftOut(short, 4);
  while (!short.isWorthAsking());
  short.did(1, 1);
  expect(callsLeftOut(short, 2)).toEqual([0, 1]);
});
