// Real: the register of credentials. No doubles.
import { expect, it } from 'vitest';
import { createCallers } from '../../local/twin/callers.ts';

const keyOf = (credentials: Record<string, string>): string => credentials['AWS_ACCESS_KEY_ID'] ?? '';

it('knows the function of every living process, of the last that ended, and of no more', () => {
  const callers = createCallers();
  const living = keyOf(callers.credentialsOf('deliver', 'living'));
  const ended = Array.from({ length: 1_500 }, (_, number) => {
    const key = keyOf(callers.credentialsOf('enqueue', `ended-${number}`));
    callers.processEnded(`ended-${number}`);
    callers.processEnded(`ended-${number}`);
    return key;
  });

  expect(callers.functionOf(living)).toBe('deliver');
  expect(ended.filter((key) => callers.functionOf(key) === 'enqueue')).toEqual(ended.slice(-1_000));
  expect(callers.functionOf('AKIDOUTSIDE')).toBeUndefined();
  expect(callers.functionOf(undefined)).toBeUndefined();
});
