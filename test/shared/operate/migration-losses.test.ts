// Real: the rule about what a way down may lose. No doubles.
import { describe, expect, test } from 'vitest';
import { type Losses, MigrationRefused, refuseLosses } from '../../../shared/operate/migration-losses.ts';

function verdict(losses: Losses, agreed: Losses = {}): string {
  try {
    refuseLosses(losses, agreed, 'down to version 1');
    return 'goes on';
  } catch (error) {
    if (error instanceof MigrationRefused) return error.message;
    throw error;
  }
}

describe('a way down that would lose deliveries', () => {
  const losses = { succeeded: 122, dead_letter: 2 };

  test('counts them by their status, says what is forgotten with them, and how to agree', () => {
    expect(verdict(losses)).toBe(
      'down to version 1 was refused: it would lose 2 dead_letter, 122 succeeded, and with the deliveries the memory that ' +
        'they were sent: the same run and node would be sent again. Nothing was changed. ' +
        'To lose exactly this, add "lose":{"dead_letter":2,"succeeded":122}',
    );
  });

  test('goes on where each is named with its number, in any order, as the refusal wrote it', () => {
    expect(verdict(losses, { dead_letter: 2, succeeded: 122 })).toBe('goes on');
    const told = /"lose":(\{.+\})$/.exec(verdict(losses))?.[1] ?? '';
    expect(verdict(losses, JSON.parse(told) as Losses)).toBe('goes on');
  });

  test.each([
    ['one more has come', { succeeded: 121, dead_letter: 2 }],
    ['one has gone', { succeeded: 123, dead_letter: 2 }],
    ['one status is not named', { succeeded: 122 }],
    ['one is named that is not there', { succeeded: 122, dead_letter: 2, cancelled: 1 }],
    ['the numbers only add up', { succeeded: 124 }],
    ['it is named by another name', { delivered: 122, dead_letter: 2 }],
  ])('is refused anew where %s', (_case, agreed) => {
    expect(verdict(losses, agreed)).toContain('add "lose":{"dead_letter":2,"succeeded":122}');
  });

  test('never loses what is pending, whatever was agreed to', () => {
    const withPending = { ...losses, pending: 3 };
    for (const agreed of [{}, losses, withPending]) {
      expect(verdict(withPending, agreed)).toBe(
        'down to version 1 was refused: deliveries are pending and would be lost; let them finish, or stop and settle them ' +
          '(it would lose 2 dead_letter, 3 pending, 122 succeeded)',
      );
    }
  });
});

describe('a way down that loses', () => {
  test('nothing goes on, also for who agreed to lose something', () => {
    expect(verdict({})).toBe('goes on');
    expect(verdict({}, { succeeded: 122 })).toBe('goes on');
  });

  test('something else names it, and says nothing of deliveries', () => {
    expect(verdict({ endpoint_limits: 4 })).toBe(
      'down to version 1 was refused: it would lose 4 endpoint_limits. Nothing was changed. ' +
        'To lose exactly this, add "lose":{"endpoint_limits":4}',
    );
  });
});
