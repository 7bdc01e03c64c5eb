// Real: the plan of a migration and the reading of its order. Double: the database's history, a list of versions; the real
// one is in aws/data-api-migrations.test.ts.
import { describe, expect, test } from 'vitest';
import {
  type Migration,
  migrateDatabase,
  type MigrationOrder,
  type MigrationTarget,
  parseMigrationOrder,
  planMigrations,
} from '../../../shared/operate/migrate-database.ts';
import type { Losses } from '../../../shared/operate/migration-losses.ts';

const UP: MigrationOrder = { direction: 'up' };
const [ONE, TWO, THREE] = [migration(1), migration(2), migration(3)];
const HISTORY = [ONE, TWO, THREE];

describe('the plan', () => {
  test.each<[string, number[], Migration[]]>([
    ['an empty database gets all of them in order', [], [ONE, TWO, THREE]],
    ['a database halfway gets the rest', [1], [TWO, THREE]],
    ['a gap is filled', [1, 3], [TWO]],
    ['a database that is up to date gets none', [1, 2, 3], []],
    ['a database that is newer than this code gets none', [1, 2, 3, 4], []],
    ['a newer database with a gap is none of our business', [1, 4], []],
  ])('going up: %s', (_case, applied, plan) => {
    expect(planMigrations(HISTORY.toReversed(), applied, UP)).toEqual(plan);
  });

  test.each<[string, number[], number, Migration[]]>([
    ['to nothing undoes all, the last first', [1, 2, 3], 0, [THREE, TWO, ONE]],
    ['to a version keeps it', [1, 2, 3], 2, [THREE]],
    ['to where it is does nothing', [1, 2], 2, []],
    ['above where it is does nothing', [1], 3, []],
  ])('going down: %s', (_case, applied, toVersion, plan) => {
    expect(planMigrations(HISTORY, applied, { direction: 'down', toVersion })).toEqual(plan);
  });

  test('going down on a schema newer than this code is refused: it would skip steps it does not know', () => {
    expect(() => planMigrations(HISTORY, [1, 2, 3, 4], { direction: 'down', toVersion: 1 })).toThrow(
      'the schema is at version 4, this code knows 3: go down with the newer code',
    );
  });
});

describe('an order', () => {
  test.each([
    ['a deploy that sends nothing', undefined],
    ['a deploy that sends an empty event', {}],
    ['a trigger of CloudFormation', { RequestType: 'Update', ResourceProperties: {} }],
    ['up', { direction: 'up' }],
    ['a version without a direction', { to_version: 0 }],
    ['null', null],
    ['text', 'down'],
  ])('of %s means up', (_case, event) => {
    expect(parseMigrationOrder(event)).toEqual(UP);
  });

  test('of down names its version', () => {
    expect(parseMigrationOrder({ direction: 'down', to_version: 1 })).toEqual({ direction: 'down', toVersion: 1 });
  });

  test('of down names what it may lose, with its number', () => {
    const lose = { succeeded: 122, dead_letter: 2 };
    expect(parseMigrationOrder({ direction: 'down', to_version: 1, lose })).toEqual({
      direction: 'down',
      toVersion: 1,
      lose,
    });
  });

  test.each([null, true, 'everything', 124, ['succeeded'], { succeeded: true }, { succeeded: -1 }, { succeeded: 1.5 }])(
    'of down that may lose %j is refused: that names nothing with its number',
    (lose) => {
      expect(() => parseMigrationOrder({ direction: 'down', to_version: 1, lose })).toThrow(
        'lose must name what is lost with its number',
      );
    },
  );

  test.each([undefined, null, -1, 1.5, '1'])('of down to %j is refused', (to_version) => {
    expect(() => parseMigrationOrder({ direction: 'down', to_version })).toThrow('to_version must be a whole number');
  });
});

describe('a run', () => {
  test('names what it applied, and where the schema is', async () => {
    expect(await migrateDatabase(historyOf([1]), HISTORY, UP)).toEqual({
      applied: ['up 0002_step_2', 'up 0003_step_3'],
      version: 3,
    });
  });

  test('does not claim what a faster runner has applied', async () => {
    const target = historyOf([]);
    const faster: MigrationTarget = {
      prepare: (steps) => target.prepare(steps),
      appliedVersions: () => target.appliedVersions(),
      takeBack: target.takeBack,
      async apply(step) {
        if (step.version === 2) await target.apply(step);
        return target.apply(step);
      },
    };
    expect(await migrateDatabase(faster, HISTORY, UP)).toEqual({
      applied: ['up 0001_step_1', 'up 0003_step_3'],
      version: 3,
    });
  });

  test('stops at the step that fails', async () => {
    const target = historyOf([]);
    const failing: MigrationTarget = {
      ...target,
      async apply(step) {
        if (step.version === 2) throw new Error('step 2 fails');
        return target.apply(step);
      },
    };
    await expect(migrateDatabase(failing, HISTORY, UP)).rejects.toThrow('step 2 fails');
    expect(await target.appliedVersions()).toEqual([1]);
  });

  test('down says what it lost', async () => {
    const lose = { succeeded: 122 };
    expect(await migrateDatabase(historyOf([1, 2], lose), HISTORY, { direction: 'down', toVersion: 1, lose })).toEqual({
      applied: ['down 0002_step_2'],
      version: 1,
      lost: { succeeded: 122 },
    });
  });

  test('down that would lose what nobody named leaves every version', async () => {
    const target = historyOf([1, 2, 3], { succeeded: 122 });
    const order: MigrationOrder = { direction: 'down', toVersion: 0 };
    await expect(migrateDatabase(target, HISTORY, order)).rejects.toThrow('down to version 0 was refused');
    expect(await target.appliedVersions()).toEqual([1, 2, 3]);
  });

  test('down to nothing ends at version 0', async () => {
    expect(await migrateDatabase(historyOf([1, 2]), HISTORY, { direction: 'down', toVersion: 0 })).toEqual({
      applied: ['down 0002_step_2', 'down 0001_step_1'],
      version: 0,
    });
  });
});

function migration(version: number): Migration {
  return { version, name: `step_${version}`, up: `up ${version}`, down: `down ${version}` };
}

function historyOf(versions: readonly number[], losses: Losses = {}): MigrationTarget {
  const applied = new Set(versions);
  const appliedVersions = (): number[] => [...applied].sort((a, b) => a - b);
  return {
    prepare: async () => appliedVersions(),
    appliedVersions: async () => appliedVersions(),
    async apply({ version }) {
      if (applied.has(version)) return false;
      applied.add(version);
      return true;
    },
    async takeBack(plan, judge) {
      const takenBack = plan(appliedVersions());
      const lost = takenBack.length === 0 ? {} : losses;
      judge(lost);
      for (const { version } of takenBack) applied.delete(version);
      return { takenBack, lost };
    },
  };
}
