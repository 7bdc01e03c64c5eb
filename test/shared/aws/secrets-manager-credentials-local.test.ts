// Real: cache, adapter, client, the AWS SDK of whoever writes secrets, HTTP on the loopback, and the Secrets Manager endpoint of the local stack. Double:
// the clock, turned by hand.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { createSecretsManager } from '../../../local/aws/secrets-manager/service.ts';
import { createSecretsManagerCredentials } from '../../../shared/aws/secrets-manager-credentials.ts';
import { CredentialCache } from '../../../shared/credentials/credential-cache.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';
import { ManualTimers } from '../../support/time/manual-timers.ts';

const UUID = '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';
const NAME = `webhook-credentials/7/${UUID}`;

let folder: string;
let wire: Awaited<ReturnType<typeof serveAwsService>>;
let operator: SecretsManagerClient;
let timers: ManualTimers;
let cache: CredentialCache;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'surehook-credentials-'));
  timers = new ManualTimers();
  const place = { file: join(folder, 'secrets.json'), accountId: '000000000000', region: 'us-east-1', timers };
  wire = await serveAwsService({ secretsmanager: createSecretsManager(place).service });
  const config = {
    endpoint: wire.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  operator = new SecretsManagerClient(config);
  cache = new CredentialCache({
    source: createSecretsManagerCredentials(localSurroundings(wire.endpoint)),
    clock: timers,
    prefix: 'webhook-credentials',
    headerPrefix: 'X-Dograh',
  });
});

afterEach(async () => {
  operator.destroy();
  await wire.close();
  await rm(folder, { recursive: true, force: true });
});

test('a credential created late heals within five seconds', async () => {
  expect(await sent()).toBe('missing');
  await create(NAME, bearer('t-1'));
  await timers.advance(5_000);
  expect(await sent()).toBe('Bearer t-1');
});

test('the credential of another organization is missing, in the same words as an unknown one', async () => {
  await create(NAME, bearer('t-1'));
  const other = UUID.replace('3', '4');
  const missing = (name: string) => ({ kind: 'missing', detail: `there is no secret webhook-credentials/${name}` });
  expect(await cache.resolve(8, UUID)).toEqual(missing(`8/${UUID}`));
  expect(await cache.resolve(7, other)).toEqual(missing(`7/${other}`));
});

test('the pending and the previous version of a rotation are never sent', async () => {
  await create(NAME, bearer('old'));
  await put(bearer('current'));
  await put(bearer('pending'), ['AWSPENDING']);
  expect(await sent()).toBe('Bearer current');
});

test('a secret marked for deletion is missing, and back when it is restored', async () => {
  await create(NAME, bearer('t-1'));
  await operator.send(new DeleteSecretCommand({ SecretId: NAME }));
  expect(await sent()).toBe('missing');
  await operator.send(new RestoreSecretCommand({ SecretId: NAME }));
  await timers.advance(5_000);
  expect(await sent()).toBe('Bearer t-1');
});

test('a binary secret is invalid', async () => {
  await operator.send(new CreateSecretCommand({ Name: NAME, SecretBinary: Buffer.from(bearer('t-1')) }));
  expect(await cache.resolve(7, UUID)).toEqual({
    kind: 'invalid',
    detail: `the secret ${NAME} is binary: it must be text, a JSON object`,
  });
});

test('a rotation is seen by a look past the cache, long before the cache forgets', async () => {
  await create(NAME, bearer('t-1'));
  const answer = await cache.resolve(7, UUID);
  const seen = answer.kind === 'resolved' ? answer.credential.fingerprint : '';
  expect(await cache.resolvePast(7, UUID, seen)).toEqual({ kind: 'unchanged' });
  await put(bearer('t-2'));
  expect(await sent()).toBe('Bearer t-1');
  expect(await cache.resolvePast(7, UUID, seen)).toEqual({ kind: 'changed' });
  expect(await sent()).toBe('Bearer t-2');
});

async function sent(): Promise<string | undefined> {
  const answer = await cache.resolve(7, UUID);
  return answer.kind === 'resolved' ? answer.credential.headers[0]?.value : answer.kind;
}

async function create(name: string, secretString: string): Promise<void> {
  await operator.send(new CreateSecretCommand({ Name: name, SecretString: secretString }));
}

async function put(secretString: string, stages = ['AWSCURRENT']): Promise<void> {
  await operator.send(new PutSecretValueCommand({ SecretId: NAME, SecretString: secretString, VersionStages: stages }));
}

function bearer(token: string): string {
  return JSON.stringify({ credential_type: 'bearer_token', credential_data: { token } });
}
