import type { Mutations } from './mutation.ts';

const MIGRATED = 'test/shared/aws/data-api-migrations.test.ts';
const NEIGHBOURS = 'test/shared/aws/data-api-migrations-neighbours.test.ts';
const LOOK = 'test/shared/aws/database-look.test.ts';
const OUTBOX = 'test/sql/outbox.test.ts';
const TARGET = 'shared/aws/data-api-migrations.ts';
const LOOKING = 'shared/operate/database-look.ts';
const ADOPT = 'sql/queries/adopt_deliveries.sql';
const INSERT = 'sql/migrations/0012_ordering.up.sql';

/** Migrations. */
export const MIGRATIONS: Mutations = {
  'MIG-01': [
    {
      in: TARGET,
      from: `await execute(recordOf(migration, 'up'));`,
      to: '',
      fails: [{ shownBy: MIGRATED, title: 'makes every table, and again changes nothing' }],
    },
  ],
  'MIG-02': [
    {
      in: TARGET,
      from: 'if ((await versionsOf(execute)).includes(migration.version)) return false;',
      to: '',
      fails: [
        {
          shownBy: MIGRATED,
          title: 'runners at once apply each migration once, and all succeed',
          throws: 'SQLSTATE 23505',
        },
      ],
    },
  ],
  'MIG-03': [
    {
      in: 'shared/aws/data-api.ts',
      from: '...(transactionId === undefined ? {} : { transactionId, continueAfterTimeout: true }),',
      to: '...(transactionId === undefined ? {} : { continueAfterTimeout: true }),',
      fails: [
        { shownBy: MIGRATED, title: 'leaves nothing of itself, keeps what came before it, and says which it was' },
      ],
    },
  ],
  'MIG-06': [
    {
      in: TARGET,
      from: 'another transaction holds a table it needs; run it again when that one has ended',
      to: 'it did not work',
      fails: [
        {
          shownBy: NEIGHBOURS,
          title: 'on a table that a migration needs fails it within the lock timeout, once, and it says why',
        },
      ],
    },
    {
      in: TARGET,
      from: 'LOCK_TIMEOUT_MS = 5_000',
      to: 'LOCK_TIMEOUT_MS = 50_000',
      fails: [{ shownBy: NEIGHBOURS, title: 'is waited for 5 s at the most' }],
    },
  ],
  'MIG-07': [
    {
      in: 'shared/operate/migrate-database.ts',
      from: '(losses) => refuseLosses(losses, order.lose ?? {},',
      to: '(losses) => refuseLosses(losses, losses,',
      fails: [
        { shownBy: MIGRATED, title: 'loses deliveries that are over only where they are named with their number' },
      ],
    },
    {
      in: 'shared/operate/migrate-database.ts',
      from: '(losses) => refuseLosses(losses, order.lose ?? {}, `down to version ${order.toVersion}`),',
      to: '() => undefined,',
      fails: [{ shownBy: MIGRATED, title: 'refuses anew when another delivery has ended since it was named' }],
    },
  ],
  'MIG-08': [
    {
      in: 'sql/migrations/0004_dead_letters_by_host.up.sql',
      from: 'create index if not exists webhook_deliveries_dead_by_time',
      to: 'create index if not exists webhook_deliveries_dead_by_time_too',
      fails: [{ shownBy: NEIGHBOURS, title: 'are found by the migration, and not built again' }],
    },
    {
      in: 'sql/migrations/0004_dead_letters_by_host.up.sql',
      from: 'and not indisvalid',
      to: 'and false',
      fails: [{ shownBy: NEIGHBOURS, title: 'one of which was left unfinished stop the migration, which says so' }],
    },
  ],
  'MIG-09': [
    {
      in: TARGET,
      from: 'if (faults.length > 0) throw new DatabaseNotReady(faults);',
      to: 'if (faults.length > 9999) throw new DatabaseNotReady(faults);',
      fails: [
        {
          shownBy: LOOK,
          title: 'a role that may do nothing is told of everything at once, and with just those statements all is well',
        },
      ],
    },
    {
      in: LOOKING,
      from: '[...used.rights].filter((right) => !found.rights.includes(right))',
      to: `[...used.rights].filter((right) => right !== 'update' && !found.rights.includes(right))`,
      fails: [
        {
          shownBy: 'test/shared/aws/each-right.test.ts',
          title: 'the migration says so before anything changes, and some statement would have failed',
        },
      ],
    },
  ],
  'MIG-10': [
    {
      in: LOOKING,
      from: 'if (!hidesRows) return [];',
      to: `if (!hidesRows || relation !== '') return [];`,
      fails: [{ shownBy: LOOK, title: 'is told before it hides a row, and mended' }],
    },
  ],
  'MIG-11': [
    {
      in: 'sql/queries/count_standing.sql',
      from: 'from {surehook}.webhook_deliveries d',
      to: 'from webhook_deliveries d',
      fails: [{ shownBy: 'test/sql/schemas.test.ts', title: 'every table and type is named with its schema' }],
    },
  ],
  'MIG-12': [
    {
      in: LOOKING,
      from: 'if (elsewhere === undefined || begun) return [];',
      to: `if (elsewhere === undefined || begun || elsewhere !== '') return [];`,
      fails: [{ shownBy: NEIGHBOURS, title: 'than the one set, where earlier versions made them, stop the migration' }],
    },
  ],
  'MIG-13': [
    {
      in: ADOPT,
      from: 'greatest(coalesce(f.attempt_count, 0), 0) as attempt_count',
      to: '0 as attempt_count',
      fails: [
        {
          shownBy: 'test/shared/operate/adopt-beside-workers.test.ts',
          title: 'six workers of the old kind go on while it moves',
        },
      ],
    },
  ],
  'MIG-14': [
    {
      in: ADOPT,
      from: 'select count(*) - (select pending from reach) as rows',
      to: 'select 0 as rows',
      fails: [
        {
          shownBy: 'test/shared/operate/adopt-deliveries.test.ts',
          title: 'a row that somebody has locked does not keep the others, and moves when it is free',
        },
      ],
    },
    {
      in: ADOPT,
      from: `or length(p.endpoint_url) > 2048 then 'endpoint_url'`,
      to: `or length(p.endpoint_url) > 2048 then 'changed'`,
      fails: [{ shownBy: 'test/shared/operate/adopt-deliveries.test.ts', title: 'a URL with user info' }],
    },
  ],
  'MIG-15': [
    {
      in: 'sql/queries/find_alongside.sql',
      from: 'where f.last_error is null or not starts_with(f.last_error, cast(:moved as text))',
      to: `where f.last_error is null and starts_with(cast(:moved as text), 'nowhere')`,
      fails: [
        {
          shownBy: 'test/shared/enqueue/enqueue-alongside.test.ts',
          title: 'exist: the answer is how they stand there, nothing is stored or sent here',
        },
      ],
    },
  ],
  'MIG-16': [
    {
      in: INSERT,
      from: `message = 'this webhook cannot be sent: ' || array_to_string(faults, '; ');`,
      to: `message = 'this webhook cannot be sent: ' || faults[1];`,
      fails: [{ shownBy: OUTBOX, title: 'every fault at once' }],
    },
  ],
  'MIG-17': [
    {
      in: INSERT,
      from: 'on conflict (workflow_run_id, webhook_node_id) do nothing;',
      to: ';',
      fails: [
        {
          shownBy: OUTBOX,
          title: 'is answered with the delivery that is there, and changes nothing',
          throws: 'duplicate key',
        },
      ],
    },
  ],
};
