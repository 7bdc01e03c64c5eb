// Real: the SDK client, HTTP over loopback, the endpoint, its file in a folder of the test's own. Double: the clock.
// A secret's value must appear in no error message.
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSecretsManager } from '../../local/aws/secrets-manager/service.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { serveAwsService } from './serve-aws-service.ts';

const DAY_MS = 86_400_000;
const NAME = 'webhook-credentials/7/0f8fad5b-d9cb-469f-a165-70867728950e';
const ARN_PREFIX = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${NAME}-`;
const FIRST_TOKEN = '11111111-1111-4111-8111-111111111111';
const SECOND_TOKEN = '22222222-2222-4222-8222-222222222222';

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'secrets.json');
}

async function startSecretsManager(file = newFile(), timers = new ManualTimers()) {
  const manager = createSecretsManager({ file, timers, accountId: '000000000000', region: 'us-east-1' });
  const served = await serveAwsService({ secretsmanager: manager.service });
  const client = new SecretsManagerClient({
    endpoint: served.endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  onTestFinished(async () => {
    client.destroy();
    await served.close();
  });
  return {
    client,
    manager,
    file,
    timers,
    create: (SecretString = 'first', more: object = {}) =>
      client.send(new CreateSecretCommand({ Name: NAME, SecretString, ...more })),
    put: (SecretString: string, more: object = {}) =>
      client.send(new PutSecretValueCommand({ SecretId: NAME, SecretString, ...more })),
    get: (more: object = {}) => client.send(new GetSecretValueCommand({ SecretId: NAME, ...more })),
    describe: () => client.send(new DescribeSecretCommand({ SecretId: NAME })),
    remove: (more: object = {}) => client.send(new DeleteSecretCommand({ SecretId: NAME, ...more })),
  };
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

describe('a secret', () => {
  test('is read by name, by ARN and by the ARN without its last characters', async () => {
    const { create, get, describe } = await startSecretsManager();
    const { ARN, VersionId } = await create('s3cret', { Description: 'of a test', Tags: [{ Key: 'a', Value: 'b' }] });
    expect(ARN).toMatch(new RegExp(`^${ARN_PREFIX}[A-Za-z0-9]{6}$`));
    for (const SecretId of [NAME, ARN, ARN_PREFIX.slice(0, -1)]) {
      expect(await get({ SecretId })).toMatchObject({
        ARN,
        Name: NAME,
        VersionId,
        SecretString: 's3cret',
        VersionStages: ['AWSCURRENT'],
        CreatedDate: new Date('2026-11-23T12:00:00.000Z'),
      });
    }
    expect(await describe()).toMatchObject({
      Description: 'of a test',
      Tags: [{ Key: 'a', Value: 'b' }],
      VersionIdsToStages: { [String(VersionId)]: ['AWSCURRENT'] },
    });
  });

  test('may be bytes', async () => {
    const { client, get } = await startSecretsManager();
    await client.send(new CreateSecretCommand({ Name: NAME, SecretBinary: Buffer.from([0, 200, 255]) }));
    const secret = await get();
    expect(secret.SecretBinary).toEqual(new Uint8Array([0, 200, 255]));
    expect(secret.SecretString).toBeUndefined();
  });

  test('that nobody made is not found', async () => {
    const { get, describe, put } = await startSecretsManager();
    for (const call of [get(), describe(), put('x')]) {
      await expect(call).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret.",
      });
    }
  });

  test('without a value exists and has none to give', async () => {
    const { client, get } = await startSecretsManager();
    await client.send(new CreateSecretCommand({ Name: NAME }));
    await expect(get()).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
  });

  test.each([
    ['a name with a space', { Name: 'a b', SecretString: 'x' }, 'ValidationException'],
    ['a value of both kinds', { SecretString: 'x', SecretBinary: Buffer.from('x') }, 'InvalidParameterException'],
    ['a value of 65537 bytes', { SecretString: 'x'.repeat(65_537) }, 'ValidationException'],
    [
      'a token of 31 characters',
      { SecretString: 'x', ClientRequestToken: 't'.repeat(31) },
      'InvalidParameterException',
    ],
  ])('is refused with %s', async (_, asked, name) => {
    const { client } = await startSecretsManager();
    await expect(client.send(new CreateSecretCommand({ Name: NAME, ...asked }))).rejects.toMatchObject({ name });
  });
});

describe('versions', () => {
  test('a new value is current and the one before it stays readable', async () => {
    const { create, put, get } = await startSecretsManager();
    const { VersionId } = await create('first');
    await put('second');
    expect((await get()).SecretString).toBe('second');
    expect((await get({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('first');
    await put('third');
    expect((await get({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('second');
    expect(await get({ VersionId })).toMatchObject({ SecretString: 'first', VersionStages: [] });
  });

  test('a pending value is not current yet', async () => {
    const { create, put, get, describe } = await startSecretsManager();
    const first = await create('first');
    const pending = await put('pending', { VersionStages: ['AWSPENDING'] });
    expect(pending.VersionStages).toEqual(['AWSPENDING']);
    expect((await get()).SecretString).toBe('first');
    expect((await get({ VersionStage: 'AWSPENDING' })).SecretString).toBe('pending');
    expect((await describe()).VersionIdsToStages).toEqual({
      [String(first.VersionId)]: ['AWSCURRENT'],
      [String(pending.VersionId)]: ['AWSPENDING'],
    });
  });

  test('the same request twice makes one version, another value under its token none', async () => {
    const { create, put, get, describe } = await startSecretsManager();
    const first = await create('first', { ClientRequestToken: FIRST_TOKEN });
    expect(await create('first', { ClientRequestToken: FIRST_TOKEN })).toMatchObject({ VersionId: first.VersionId });
    await put('second', { ClientRequestToken: SECOND_TOKEN });
    await put('second', { ClientRequestToken: SECOND_TOKEN });
    expect(Object.keys((await describe()).VersionIdsToStages ?? {})).toEqual([FIRST_TOKEN, SECOND_TOKEN]);
    await expect(put('s3cret', { ClientRequestToken: SECOND_TOKEN })).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: expect.not.stringContaining('s3cret'),
    });
    expect((await get()).SecretString).toBe('second');
  });

  test('a taken name is refused to another request', async () => {
    const { create } = await startSecretsManager();
    await create('first');
    await expect(create('other')).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: `The operation failed because the secret ${NAME} already exists.`,
    });
  });

  test('an update changes description, value or both', async () => {
    const { client, create, get, describe, timers } = await startSecretsManager();
    await create('first');
    await timers.advance(1000);
    await client.send(new UpdateSecretCommand({ SecretId: NAME, Description: 'rotated by hand' }));
    expect((await get()).SecretString).toBe('first');
    const { VersionId } = await client.send(new UpdateSecretCommand({ SecretId: NAME, SecretString: 'second' }));
    expect(await get()).toMatchObject({ SecretString: 'second', VersionId });
    expect(await describe()).toMatchObject({
      Description: 'rotated by hand',
      CreatedDate: new Date('2026-11-23T12:00:00.000Z'),
      LastChangedDate: new Date('2026-11-23T12:00:01.000Z'),
    });
  });

  test('a stage or a version that is not there is named', async () => {
    const { create, get } = await startSecretsManager();
    const { VersionId } = await create('first');
    await expect(get({ VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(get({ VersionId: FIRST_TOKEN })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Secrets Manager can't find the specified secret value for VersionId: ${FIRST_TOKEN}`,
    });
    await expect(get({ VersionId, VersionStage: 'AWSPENDING' })).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  test('old values go after a hundred versions, the current and the one before it stay', async () => {
    const { create, put, get } = await startSecretsManager();
    const first = await create('0');
    for (let value = 1; value <= 100; value++) await put(String(value));
    await expect(get({ VersionId: first.VersionId })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect((await get({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('99');
  });
});

describe('a deleted secret', () => {
  test('cannot be used, can be described, and comes back whole when restored in time', async () => {
    const { client, create, get, put, describe, remove, timers } = await startSecretsManager();
    await create('first');
    const { DeletionDate } = await remove({ RecoveryWindowInDays: 7 });
    expect(DeletionDate).toEqual(new Date('2026-11-30T12:00:00.000Z'));
    for (const call of [get(), put('second')]) {
      await expect(call).rejects.toMatchObject({
        name: 'InvalidRequestException',
        message: "You can't perform this operation on the secret because it was marked for deletion.",
      });
    }
    await expect(create('new')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(remove()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect((await describe()).DeletedDate).toEqual(DeletionDate);
    await timers.advance(7 * DAY_MS - 1);
    await client.send(new RestoreSecretCommand({ SecretId: NAME }));
    expect((await get()).SecretString).toBe('first');
  });

  test('is gone after its window, of 30 days unless said otherwise, and its name is free', async () => {
    const { client, create, get, remove, timers } = await startSecretsManager();
    const { ARN } = await create('first');
    await remove();
    await timers.advance(30 * DAY_MS);
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(client.send(new RestoreSecretCommand({ SecretId: NAME }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect((await create('second')).ARN).not.toBe(ARN);
  });

  test('is gone at once when forced, also where there is none', async () => {
    const { create, remove, get } = await startSecretsManager();
    await create('first');
    await remove({ ForceDeleteWithoutRecovery: true });
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await remove({ ForceDeleteWithoutRecovery: true })).toMatchObject({ Name: NAME });
  });

  test.each([
    ['6 days', { RecoveryWindowInDays: 6 }],
    ['31 days', { RecoveryWindowInDays: 31 }],
    ['a window that is also forced away', { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }],
  ])('is not left for %s', async (_, asked) => {
    const { create, remove, get } = await startSecretsManager();
    await create('first');
    await expect(remove(asked)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    expect((await get()).SecretString).toBe('first');
  });
});

describe('many secrets', () => {
  async function three() {
    const started = await startSecretsManager();
    for (const Name of ['team/a', 'team/b', 'other']) {
      await started.client.send(new CreateSecretCommand({ Name, SecretString: `of ${Name}` }));
      await started.timers.advance(1000);
    }
    return started;
  }
  const byName = [{ Key: 'name' as const, Values: ['team/'] }];

  test('are listed latest first, in pages, by filter, without values and without the deleted ones', async () => {
    const { client } = await three();
    const list = async (asked: object = {}) => {
      const { SecretList = [], NextToken } = await client.send(new ListSecretsCommand(asked));
      return { names: SecretList.map((secret) => secret.Name), NextToken, json: JSON.stringify(SecretList) };
    };
    const all = await list();
    expect(all.names).toEqual(['other', 'team/b', 'team/a']);
    expect(all.json).not.toContain('of team');
    expect((await list({ Filters: byName, SortOrder: 'asc' })).names).toEqual(['team/a', 'team/b']);
    expect((await list({ Filters: [{ Key: 'name', Values: ['!team/'] }] })).names).toEqual(['other']);
    const first = await list({ MaxResults: 2 });
    expect((await list({ MaxResults: 2, NextToken: first.NextToken })).names).toEqual(['team/a']);
    await client.send(new DeleteSecretCommand({ SecretId: 'other' }));
    expect((await list()).names).not.toContain('other');
    expect((await list({ IncludePlannedDeletion: true })).names).toContain('other');
  });

  test('are read together, and what cannot be read is told apart', async () => {
    const { client } = await three();
    await client.send(new DeleteSecretCommand({ SecretId: 'other' }));
    const read = (asked: object) => client.send(new BatchGetSecretValueCommand(asked));
    const some = await read({ SecretIdList: ['team/a', 'missing', 'other'] });
    expect(some.SecretValues).toMatchObject([{ Name: 'team/a', SecretString: 'of team/a' }]);
    expect(some.Errors).toMatchObject([
      { SecretId: 'missing', ErrorCode: 'ResourceNotFoundException' },
      { SecretId: 'other', ErrorCode: 'InvalidRequestException' },
    ]);
    expect((await read({ Filters: byName })).SecretValues).toHaveLength(2);
    await expect(read({})).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(read({ SecretIdList: [] })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('the file', () => {
  test('outlives a restart, is readable by its owner only and leaves no draft behind', async () => {
    const file = newFile();
    writeFileSync(`${file}.new`, 'left by a crash', { mode: 0o644 });
    const before = await startSecretsManager(file);
    const { ARN } = await before.create('first', { Description: 'kept' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await before.put('second');
    expect(readdirSync(join(file, '..'))).toEqual(['secrets.json']);

    const after = await startSecretsManager(file);
    expect(await after.get()).toMatchObject({ ARN, SecretString: 'second' });
    expect((await after.get({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('first');
    expect((await after.describe()).Description).toBe('kept');
  });

  test.each([
    ['cut off', '{"format":1,"secrets":[{"name":"s3cret'],
    ['empty', ''],
    ['of another shape', '{"format":1,"secrets":[{"name":"s3cret"}]}'],
    ['of a later format', '{"format":2,"secrets":[]}'],
  ])('stops the start when it is %s, by its name and not by its content', (_, content) => {
    const file = newFile();
    writeFileSync(file, content);
    const error = thrownBy(() =>
      createSecretsManager({ file, timers: new ManualTimers(), accountId: '0', region: 'r' }),
    );
    expect(error).toMatchObject({ name: 'SecretsFileError', code: 'damaged', message: expect.stringContaining(file) });
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  test('that cannot be written fails the call and leaves the secret as it was', async () => {
    const { create, put, get, manager, file } = await startSecretsManager();
    await create('first');
    rmSync(join(file, '..'), { recursive: true });
    await expect(put('second')).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect((await get()).SecretString).toBe('first');
    expect(manager.peek(NAME)).toBe('first');
  });
});

describe('a secret of the template', () => {
  const wanted = { name: 'DatabaseSecret', secretString: '{"username":"surehook"}', arn: `${ARN_PREFIX}abcdef` };

  test('is made once, with the ARN of the template, and keeps its value over a restart', async () => {
    const { manager, file, get } = await startSecretsManager();
    expect(manager.ensure(wanted)).toBe(wanted.arn);
    const after = await startSecretsManager(file);
    expect(after.manager.ensure({ ...wanted, secretString: 'generated anew' })).toBe(wanted.arn);
    expect(after.manager.peek(wanted.arn)).toBe(wanted.secretString);
    expect((await get({ SecretId: wanted.arn })).SecretString).toBe(wanted.secretString);
  });

  test('comes back when it was marked for deletion', async () => {
    const { manager, remove } = await startSecretsManager();
    manager.ensure(wanted);
    await remove({ SecretId: wanted.name });
    expect(manager.peek(wanted.name)).toBeUndefined();
    manager.ensure(wanted);
    expect(manager.peek(wanted.name)).toBe(wanted.secretString);
  });
});

describe('what a secret is named by', () => {
  test.each([
    ['CreateSecret', (id: string) => new CreateSecretCommand({ Name: id, SecretString: 'x' })],
    ['GetSecretValue', (id: string) => new GetSecretValueCommand({ SecretId: id })],
    ['DescribeSecret', (id: string) => new DescribeSecretCommand({ SecretId: id })],
    ['PutSecretValue', (id: string) => new PutSecretValueCommand({ SecretId: id, SecretString: 'x' })],
    ['UpdateSecret', (id: string) => new UpdateSecretCommand({ SecretId: id, SecretString: 'x' })],
    ['DeleteSecret', (id: string) => new DeleteSecretCommand({ SecretId: id })],
    [
      'DeleteSecret for good',
      (id: string) => new DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true }),
    ],
    ['RestoreSecret', (id: string) => new RestoreSecretCommand({ SecretId: id })],
  ])('is refused by %s when it can be no name', async (_operation, commandFor) => {
    const { client } = await startSecretsManager();
    for (const id of ['a name', 'a?', 'naïve', '*']) {
      await expect(client.send(commandFor(id) as GetSecretValueCommand)).rejects.toMatchObject({
        name: 'ValidationException',
        message: expect.stringContaining('Invalid name'),
      });
    }
  });

  test('may be an ARN without its last hyphen and six characters, unless it seems to be whole', async () => {
    const { client } = await startSecretsManager();
    const partial = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:';
    for (const Name of ['database', 'db-secret'])
      await client.send(new CreateSecretCommand({ Name, SecretString: 'x' }));
    const found = await client.send(new GetSecretValueCommand({ SecretId: `${partial}database` }));
    expect(found.Name).toBe('database');
    await expect(client.send(new GetSecretValueCommand({ SecretId: `${partial}db-secret` }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('a description without tags has none', async () => {
    const { create, describe: described, client } = await startSecretsManager();
    await create();
    expect(await described()).not.toHaveProperty('Tags');
    const Name = 'tagged';
    await client.send(new CreateSecretCommand({ Name, SecretString: 'x', Tags: [{ Key: 'team', Value: 'a' }] }));
    expect((await client.send(new DescribeSecretCommand({ SecretId: Name }))).Tags).toEqual([
      { Key: 'team', Value: 'a' },
    ]);
  });
});
