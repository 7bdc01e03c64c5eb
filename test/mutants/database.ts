import type { Mutations } from './mutation.ts';

const ONE_ROW = 'test/contracts/one-row-contract.ts';
const RIGHTS = 'test/shared/aws/lost-rights.test.ts';
const STATES = 'shared/aws/sql-states.ts';

/** The database's own hour. */
export const DATABASE: Mutations = {
  'DBA-01': [
    {
      in: STATES,
      from: `['57', passes(`,
      to: `['57', ofStatement(`,
      fails: [
        { shownBy: 'test/shared/aws/data-api-delivery-store-cancelled.test.ts', title: 'a delivery is accepted, once' },
      ],
    },
  ],
  'DBA-02': [
    {
      in: STATES,
      from: `['57', passes(`,
      to: `['57', ofRow(`,
      fails: [
        {
          shownBy: 'test/shared/aws/sql-states.test.ts',
          title: 'of the codes of PostgreSQL 17 these pass by themselves, and no others',
        },
      ],
    },
  ],
  'DBA-03': [
    {
      in: 'shared/aws/schema-names.ts',
      from: `'duplicate key value violates unique constraint "<constraint>"',`,
      to: `'duplicate key value violates unique constraint',`,
      fails: [{ shownBy: 'test/shared/aws/schema-names.test.ts', title: 'the names in PostgreSQL’s own words' }],
    },
    {
      in: 'shared/aws/schema-names.ts',
      from: 'if (schema === undefined && relation',
      to: `if (relation === undefined && sentence.includes('canary')) return { relation: sentence };
    if (schema === undefined && relation`,
      fails: [{ shownBy: 'test/shared/aws/schema-names.test.ts', title: 'a message without a name of the schema’s' }],
    },
  ],
  'DBA-04': [
    {
      in: 'shared/aws/data-api.ts',
      from: '{ ...limit, firstTryMs: Infinity },',
      to: '{ ...limit },',
      fails: [
        {
          shownBy: 'test/shared/aws/calls-that-hang.test.ts',
          title: 'of a transaction is not asked again: the whole of it has one time',
        },
      ],
    },
  ],
  'DBA-05': [
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `when l.lease_token = l.asked_token and l.lease_expires_at is not null then 'mine'`,
      to: `when false then 'mine'`,
      fails: [
        {
          shownBy: 'test/shared/aws/data-api-delivery-store-copies.test.ts',
          title: 'of a claim: locked meanwhile, then answered the same, and the attempt is counted once',
        },
      ],
    },
  ],
  'DBA-06': [
    {
      in: 'shared/aws/sqs-batches.ts',
      from: 'if (!(error instanceof NoAnswer)) break;',
      to: 'if (error instanceof NoAnswer) break;',
      fails: [{ shownBy: 'test/shared/aws/sqs-batches.test.ts', title: 'in a try’s time is sent again, all of it' }],
    },
  ],
  'DBA-07': [
    {
      in: 'sql/queries/claim_ordinary_deliveries.sql',
      from: `where i.is_recordable
`,
      to: `where true
`,
      fails: [
        { shownBy: RIGHTS, title: 'nothing is claimed, so nothing is sent that could not be recorded; both are named' },
      ],
    },
  ],
  'DBA-08': [
    {
      in: 'shared/aws/data-api-deliver-store.ts',
      from: 'const columns = { ...settlementColumns(only), unkept: true };',
      to: 'const columns = { ...settlementColumns(only), unkept: false };',
      fails: [
        { shownBy: ONE_ROW, title: ' all the same, with its neighbours, and the refusal is named' },
        {
          shownBy: RIGHTS,
          title:
            'a trigger that raises where attempts are written costs the delivery its record, and no second request',
        },
      ],
    },
  ],
};
