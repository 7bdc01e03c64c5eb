// Real: the client, over HTTP on the loopback. Double: Secrets Manager's side of the wire, scripted, because most of
// these faults cannot be provoked otherwise. What must never be asserted: how long the client waits between its tries.
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { AwsRequest, AwsResponse } from '../../../local/aws/aws-service.ts';
import { createSecretsManagerCredentials } from '../../../shared/aws/secrets-manager-credentials.ts';
import type { CredentialSource } from '../../../shared/credentials/credentials.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';

const NAME = 'webhook-credentials/7/3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f';
const CANARY = 'canary-9f8e7d';

let wire: Awaited<ReturnType<typeof serveAwsService>>;
let requests: AwsRequest[];
/** What the service says, in order; the last answer repeats. */
let answers: (AwsResponse | 'hang')[];
let source: CredentialSource;

beforeEach(async () => {
  requests = [];
  wire = await serveAwsService({
    secretsmanager: async (request) => {
      requests.push(request);
      const next = answers.length > 1 ? answers.shift() : answers[0];
      if (next === undefined || next === 'hang') return new Promise<never>(() => {});
      return next;
    },
  });
  source = createSecretsManagerCredentials(localSurroundings(wire.endpoint));
});

afterEach(() => wire.close());

test('asks for the current version of exactly this name', async () => {
  answers = [ok({ Name: NAME, SecretString: '{"credential_type":"none"}' })];
  expect(await fetchSecret()).toEqual({ kind: 'found', secretString: '{"credential_type":"none"}' });
  expect(requests).toHaveLength(1);
  expect(requests[0]?.headers['x-amz-target']).toBe('secretsmanager.GetSecretValue');
  expect(JSON.parse(String(requests[0]?.body))).toEqual({ SecretId: NAME, VersionStage: 'AWSCURRENT' });
});

test('a binary secret is found without a text', async () => {
  answers = [ok({ Name: NAME, SecretBinary: Buffer.from(CANARY).toString('base64') })];
  expect(await fetchSecret()).toEqual({ kind: 'found', secretString: undefined });
});

test.each(['ResourceNotFoundException', 'InvalidRequestException'])('%s is a missing credential', async (name) => {
  answers = [fault(400, name)];
  expect(await fetchSecret()).toEqual({ kind: 'missing' });
});

test.each([
  [400, 'AccessDeniedException'],
  [400, 'DecryptionFailure'],
  [400, 'InvalidParameterException'],
  [400, 'ThrottlingException'],
  [500, 'InternalServiceError'],
  [400, 'UnrecognizedClientException'],
])('%s %s is an internal fault, told by its name alone', async (status, name) => {
  answers = [fault(status, name)];
  expect(await fetchSecret()).toEqual({ kind: 'unavailable', detail: `Secrets Manager: ${name}` });
});

test.each([
  ['a fault that stays', () => fault(500, 'InternalServiceError')],
  ['throttling that stays', () => fault(400, 'ThrottlingException')],
])('%s is asked about three times and no more: others wait for the answer', async (_, answer) => {
  answers = [answer()];
  expect((await fetchSecret()).kind).toBe('unavailable');
  expect(requests).toHaveLength(3);
});

test('a passing fault is ridden out', async () => {
  answers = [fault(500, 'InternalServiceError'), ok({ Name: NAME, SecretString: '{}' })];
  expect(await fetchSecret()).toEqual({ kind: 'found', secretString: '{}' });
});

test('an answer that makes no sense is an internal fault, and repeats nothing of it', async () => {
  answers = [{ status: 200, headers: { 'content-type': 'text/html' }, body: `<html>${CANARY}` }];
  const read = await fetchSecret();
  expect(read.kind).toBe('unavailable');
  expect(JSON.stringify(read)).not.toContain(CANARY);
});

test('an ended wait ends the request', async () => {
  answers = ['hang'];
  const controller = new AbortController();
  const asked = source.fetch(NAME, controller.signal);
  controller.abort();
  expect((await asked).kind).toBe('unavailable');
});

test('a service that is not there is an internal fault', async () => {
  await wire.close();
  expect((await fetchSecret()).kind).toBe('unavailable');
});

function fetchSecret(): ReturnType<CredentialSource['fetch']> {
  return source.fetch(NAME, new AbortController().signal);
}

function ok(body: Record<string, unknown>): AwsResponse {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}

function fault(status: number, name: string): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name },
    body: JSON.stringify({ __type: name, message: `${NAME} ${CANARY}`, Message: CANARY }),
  };
}
