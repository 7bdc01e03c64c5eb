// Real: the statement of docs/credentials.md on PostgreSQL, over a table of the shape that it is written for. No doubles.
import { expect, onTestFinished, test } from 'vitest';
import { readCredentialLines } from '../../cli/credential-lines.ts';
import { sourceOf } from '../house/sources.ts';
import { createTestDatabase } from '../support/postgres/test-database.ts';

const [, STATEMENT = ''] = /```sql\n([\s\S]+?)```/.exec(sourceOf('docs/credentials.md')) ?? [];

test('the document’s statement makes lines that are taken as they are', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await database.pool.query(`
    create type credential_kind as enum ('none', 'bearer_token');
    create table external_credentials (
      id serial primary key, credential_uuid varchar(36) not null, organization_id integer not null,
      credential_type credential_kind not null, credential_data json not null, is_active boolean not null
    );
    insert into external_credentials (credential_uuid, organization_id, credential_type, credential_data, is_active) values
      ('0F8FAD5B-d9cb-469f-a165-70867728950e', 7, 'bearer_token', '{"token": "t"}', true),
      ('0f8fad5b-d9cb-469f-a165-70867728950f', 7, 'none', '{}', true),
      ('0f8fad5b-d9cb-469f-a165-708677289500', 8, 'bearer_token', '{"token": "u"}', false);
  `);
  const { rows } = await database.pool.query<{ json_build_object: object }>(STATEMENT);
  const lines = rows.map(({ json_build_object: row }, index) => ({ text: JSON.stringify(row), line: index + 1 }));
  expect(readCredentialLines(lines, { credentialPrefix: 'p', headerPrefix: 'X-A', nowMs: 0 })).toEqual({
    refused: [],
    wanted: [
      {
        line: 1,
        name: 'p/7/0f8fad5b-d9cb-469f-a165-70867728950e',
        text: '{"credential_type":"bearer_token","credential_data":{"token":"t"}}',
      },
      {
        line: 2,
        name: 'p/7/0f8fad5b-d9cb-469f-a165-70867728950f',
        text: '{"credential_type":"none","credential_data":{}}',
      },
      { line: 3, name: 'p/8/0f8fad5b-d9cb-469f-a165-708677289500', text: undefined },
    ],
  });
});
