// Pure rules. Double: what is running, as values.
import { describe, expect, test } from 'vitest';
import { DatabaseMoved, refuseStrayMove, type RunningVersion } from '../../../shared/operate/database-move.ts';

const at = (cluster: string, database: string) => ({
  resourceArn: `arn:aws:rds:eu-central-1:111122223333:cluster:${cluster}`,
  secretArn: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${cluster}-AbCdEf`,
  database,
});

function running(inUse: ReturnType<typeof at> | undefined, pending = 1500): RunningVersion {
  return { databaseInUse: () => Promise.resolve(inUse), countPending: () => Promise.resolve(pending) };
}

describe('a deployment', () => {
  test.each([
    ['the first one', undefined, at('webhooks', 'surehook')],
    ['one that stays', at('webhooks', 'surehook'), at('webhooks', 'surehook')],
    [
      'one whose secret alone is another',
      at('webhooks', 'surehook'),
      { ...at('webhooks', 'surehook'), secretArn: 'arn:x' },
    ],
  ])('passes: %s', async (_case, inUse, next) => {
    expect(await refuseStrayMove(running(inUse), { next, movedFrom: '' })).toBe('looked');
  });

  test.each([
    ['another cluster', at('app', 'surehook')],
    ['another database of the cluster', at('webhooks', 'app')],
  ])('that would leave its deliveries for %s stops, counts them, and says what allows it', async (_case, next) => {
    const refused = refuseStrayMove(running(at('webhooks', 'surehook')), { next, movedFrom: '' });
    await expect(refused).rejects.toBeInstanceOf(DatabaseMoved);
    await expect(refused).rejects.toThrow(
      'leave the database webhooks/surehook, where deliveries are pending: 1500, for',
    );
    await expect(refused).rejects.toThrow("set databaseMovedFrom to 'webhooks/surehook'");
  });

  test('passes where it names what it leaves, and that alone', async () => {
    const inUse = at('webhooks', 'surehook');
    const next = at('app', 'acme');
    expect(await refuseStrayMove(running(inUse), { next, movedFrom: 'webhooks/surehook' })).toBe('looked');
    await expect(refuseStrayMove(running(inUse), { next, movedFrom: 'webhooks/other' })).rejects.toThrow(DatabaseMoved);
  });

  test('stops, too, where the database it leaves cannot be asked', async () => {
    const mute = { ...running(at('webhooks', 'surehook')), countPending: () => Promise.reject(new Error('gone')) };
    await expect(refuseStrayMove(mute, { next: at('app', 'acme'), movedFrom: '' })).rejects.toThrow(
      'which cannot be asked what is pending there',
    );
  });

  test('goes on where nobody says what is running: a rollback must not fail for it', async () => {
    const mute = { ...running(undefined), databaseInUse: () => Promise.reject(new Error('throttled')) };
    expect(await refuseStrayMove(mute, { next: at('app', 'acme'), movedFrom: '' })).toBe('could not look');
  });
});
