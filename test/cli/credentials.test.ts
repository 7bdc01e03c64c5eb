// Real: the program, the SDK over HTTP, the twin's Secrets Manager with its file. Double: the terminal. A secret's value must
// appear in nothing that is said.
import { certificate } from '../support/receivers/hostile-receivers.ts';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSecretsManager } from '../../local/aws/secrets-manager/service.ts';
import { serveAwsService } from '../local/serve-aws-service.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { type Said, surehook } from './cli-world.ts';

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950';
const NAME = `webhook-credentials/7/${UUID}`;

type Account = {
  run(lines: readonly object[], ...options: string[]): Promise<Said>;
  value(name: string): Promise<unknown>;
};

async function anAccount(): Promise<Account> {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-credentials-'));
  const place = { accountId: '000000000000', region: 'us-east-1', file: join(folder, 'secrets.json') };
  const { service } = createSecretsManager({ ...place, timers: new ManualTimers() });
  const { endpoint, close } = await serveAwsService({ secretsmanager: service });
  const endpoints = { aws: endpoint, region: 'us-east-1', pid: process.pid, functions: {} };
  writeFileSync(join(folder, 'endpoints.json'), JSON.stringify(endpoints));
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  const client = new SecretsManagerClient({ endpoint, region: 'us-east-1', credentials });
  onTestFinished(async () => {
    client.destroy();
    await close();
    rmSync(folder, { recursive: true });
  });
  return {
    run: (lines, ...options) =>
      surehook(['credentials', 'import', '-', '--data-dir', folder, ...options], {
        input: lines.map((line) => JSON.stringify(line)).join('\n'),
        // The certificates of the tests are valid from the day before.
        now: '2026-11-27T12:00:00Z',
      }),
    async value(name) {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: name }));
      return JSON.parse(SecretString);
    },
  };
}

function bearer(last: string, token: string, more: object = {}): object {
  return {
    organization_id: 7,
    credential_uuid: `${UUID}${last}`,
    credential_type: 'bearer_token',
    credential_data: { token },
    ...more,
  };
}

test('writes, changes, removes and brings back what the lines say, and a repeat changes nothing', async () => {
  const account = await anAccount();
  const first = await account.run([bearer('a', 'tok-a'), bearer('b', 'tok-b')], '--yes');
  expect([first.code, first.out]).toEqual([0, '2 created, 0 changed, 0 restored, 0 removed, 0 unchanged']);
  expect(await account.value(`${NAME}a`)).toEqual({
    credential_type: 'bearer_token',
    credential_data: { token: 'tok-a' },
  });

  const again = await account.run([bearer('a', 'tok-a'), bearer('b', 'tok-b')]);
  expect([again.code, again.out]).toEqual([0, '0 created, 0 changed, 0 restored, 0 removed, 2 unchanged']);

  const next = await account.run([bearer('a', 'tok-c'), bearer('b', 'x', { active: false })], '--yes');
  expect(next.out).toBe('0 created, 1 changed, 0 restored, 1 removed, 0 unchanged');
  await expect(account.value(`${NAME}b`)).rejects.toMatchObject({ name: 'InvalidRequestException' });

  const back = await account.run([bearer('b', 'tok-d', { active: true })], '--yes');
  expect(back.out).toBe('0 created, 0 changed, 1 restored, 0 removed, 0 unchanged');
  expect(await account.value(`${NAME}b`)).toMatchObject({ credential_data: { token: 'tok-d' } });
});

test('writes secrets that ask for tokens and that show a certificate, and refuses those that could not', async () => {
  const account = await anAccount();
  const client = { token_url: 'https://auth.example.com/token', client_id: 'i', client_secret: 'hush' };
  const shown = (name: Parameters<typeof certificate>[0]) => {
    const { cert, key } = certificate(name);
    return { client_certificate: { certificate: cert, private_key: key } };
  };
  const oauth = (letter: string, change: object = {}) => ({
    ...bearer(letter, ''),
    credential_type: 'oauth2_client_credentials',
    credential_data: { ...client, ...change },
  });
  const lines = [
    { ...oauth('a'), ...shown('client-only') },
    { ...oauth('b'), client_certificate: null },
    oauth('c', { token_url: 'auth.example.com' }),
    bearer('d', 't', shown('expired')),
    bearer('e', 't', { client_certificate: { ...shown('good').client_certificate, private_key: 'hush' } }),
  ];
  const { out, err, code } = await account.run(lines, '--yes');
  expect(out).toBe('2 created, 0 changed, 0 restored, 0 removed, 0 unchanged');
  expect(err.split('\n')).toEqual([
    'line 3: credential_data.token_url is not an absolute URL',
    expect.stringMatching(/^line 4: client_certificate\.certificate has expired, on \d{4}-\d\d-\d\d$/),
    expect.stringMatching(/^line 5: client_certificate\.private_key holds no private key in PEM/),
    'surehook: 3 lines are refused',
  ]);
  expect([code, `${out}${err}`.includes('hush')]).toEqual([1, false]);
  expect(await account.value(`${NAME}a`)).toEqual({
    credential_type: 'oauth2_client_credentials',
    credential_data: client,
    ...shown('client-only'),
  });
  expect(await account.value(`${NAME}b`)).not.toHaveProperty('client_certificate');
});

test('a dry run says what would be done and refused, and does nothing', async () => {
  const account = await anAccount();
  const lines = [
    bearer('a', 'tok-a'),
    { ...bearer('b', 'hush'), credential_type: 'bearer' },
    { ...bearer('c', 'hush'), organization_id: 0 },
    { ...bearer('d', 'hush'), hush: 1 },
    bearer('a', 'hush'),
  ];
  const { code, out, err } = await account.run(lines, '--dry-run');
  expect(out).toBe(`line  would   secret\n1     create  ${NAME}a\n0 are as they should be; nothing was changed`);
  expect(err.split('\n')).toEqual([
    'line 2: credential_type must be one of none, bearer_token, api_key, basic_auth, custom_header, oauth2_client_credentials',
    'line 3: organization_id must be an integer from 1 and credential_uuid a UUID',
    'line 4: has 1 unknown members: only organization_id, credential_uuid, credential_type, credential_data, signing_secrets, client_certificate, active are known',
    'line 5: says something else of the credential of line 1',
    'surehook: 4 lines are refused',
  ]);
  expect(`${out}${err}`).not.toMatch(/hush|tok-a/);
  expect(code).toBe(1);
  await expect(account.value(`${NAME}a`)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('good lines are followed beside refused ones, and the command fails', async () => {
  const account = await anAccount();
  const { code, out } = await account.run([{ credential_uuid: 1 }, bearer('a', 'tok-a')], '--yes', '--json');
  expect(JSON.parse(out)).toMatchObject({ created: 1, refused: [{ line: 1 }] });
  expect(code).toBe(1);
});

test('asks before it writes', async () => {
  const account = await anAccount();
  expect((await account.run([bearer('a', 'tok-a')])).code).toBe(2);
  await expect(account.value(`${NAME}a`)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
