// Pure rules. No doubles.
import { expect, test } from 'vitest';
import { editsBetween, nearestName } from '../../../shared/runtime/nearest-name.ts';

test.each([
  ['', '', 0],
  ['lease', 'lease', 0],
  ['lease', 'leases', 1],
  ['lease', 'please', 1],
  ['atempt', 'attempt', 1],
  ['settel', 'settle', 2],
  ['', 'due', 3],
])('from %j to %j are %i letters', (from, to, edits) => {
  expect([editsBetween(from, to), editsBetween(to, from)]).toEqual([edits, edits]);
});

test('the nearest name is the one meant, in any case of letters', () => {
  const known = ['alarmEmail', 'alarmThresholds', 'maxAttempts'];
  expect(nearestName('alarmMail', known)).toBe('alarmEmail');
  expect(nearestName('MAXATTEMPTS', known)).toBe('maxAttempts');
});

test('of a name that is like none, none is meant', () => {
  expect(nearestName('colour', ['alarmEmail', 'maxAttempts'])).toBeUndefined();
  expect(nearestName('colour', [])).toBeUndefined();
});
