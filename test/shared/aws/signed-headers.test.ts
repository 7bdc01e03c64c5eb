// Real: the signer, and the SDK's own, which is the judge. Doubles: the wall clock, at a literal instant, and the SDK's transport,
// which keeps what would be sent.
import { ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { requestSigner } from '../../../shared/aws/signed-headers.ts';

const NOON = Date.parse('2026-11-27T12:00:00Z');
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const SESSION = { ...CREDENTIALS, sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMQ==' };

beforeEach(() => void vi.useFakeTimers({ now: NOON, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

type Sent = { headers: Record<string, string>; body: string; hostname: string; path: string };

/** What the SDK would send, of the headers that the product sends. */
async function signedBySdk(
  credentials: typeof SESSION | typeof CREDENTIALS,
  ask: (config: object, before: (client: Stacked) => void) => Promise<unknown>,
): Promise<Sent> {
  const sent: Sent[] = [];
  const requestHandler = {
    handle(request: Sent) {
      sent.push(request);
      return Promise.reject(new Error('seen'));
    },
  };
  const config = { region: 'eu-central-1', credentials, requestHandler, maxAttempts: 1 };
  await ask(config, (client) =>
    client.middlewareStack.addRelativeTo(
      (next: (args: object) => unknown) => (args: { request: Sent }) => {
        for (const name of Object.keys(args.request.headers)) {
          if (!/^(?:content-type|host|x-amz-target)$/.test(name)) delete args.request.headers[name];
        }
        return next(args);
      },
      { relation: 'before', toMiddleware: 'httpSigningMiddleware', name: 'onlyOurHeaders' },
    ),
  ).catch(() => undefined);
  const [request] = sent;
  if (request === undefined) throw new Error('the SDK sent nothing');
  return request;
}

type Stacked = { middlewareStack: { addRelativeTo(middleware: unknown, options: unknown): void } };

const askDataApi = (config: object, before: (client: Stacked) => void) => {
  const client = new RDSDataClient(config);
  before(client as unknown as Stacked);
  return client.send(new ExecuteStatementCommand({ resourceArn: 'arn:a', secretArn: 'arn:b', sql: "select 'é☃'" }));
};

const askSqs = (config: object, before: (client: Stacked) => void) => {
  const client = new SQSClient({ ...config, endpoint: 'http://127.0.0.1:4566' });
  before(client as unknown as Stacked);
  const QueueUrl = 'http://127.0.0.1:4566/000000000000/delivery';
  return client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '0', MessageBody: 'körper' }] }));
};

describe.each([
  ['credentials of a role, with their session', SESSION],
  ['credentials without a session', CREDENTIALS],
])('with %s', (_what, credentials) => {
  test.each([
    ['a statement', 'rds-data', askDataApi],
    ['a batch of messages', 'sqs', askSqs],
  ])('%s is signed as the SDK signs it', async (_request, service, ask) => {
    const { headers, body, path } = await signedBySdk(credentials, ask);
    const sign = requestSigner(credentials, { region: 'eu-central-1', service });
    const ours = sign({
      host: headers['host'] ?? '',
      path,
      contentType: headers['content-type'] ?? '',
      target: headers['x-amz-target'],
      body,
      atMs: NOON,
    });
    expect(byName(ours)).toEqual(headers);
  });
});

test('the signature is another on another day, at another host, of another body and for another operation', () => {
  const sign = requestSigner(CREDENTIALS, { region: 'eu-central-1', service: 'sqs' });
  const request = { host: 'a', path: '/', contentType: 'text/plain', target: 'x', body: '{}', atMs: NOON };
  const others = [{ atMs: NOON + 86_400_000 }, { host: 'b' }, { body: '{ }' }, { target: 'y' }];
  const signatures = [{}, ...others].map((more) => byName(sign({ ...request, ...more }))['authorization']);
  expect(new Set(signatures).size).toBe(signatures.length);
});

test('the key of a day is not used for the next, nor that of the next for the day before', () => {
  const sign = requestSigner(CREDENTIALS, { region: 'eu-central-1', service: 'sqs' });
  const request = { host: 'a', path: '/', contentType: 'text/plain', body: '{}' };
  const first = sign({ ...request, atMs: NOON });
  sign({ ...request, atMs: NOON + 86_400_000 });
  expect(sign({ ...request, atMs: NOON })).toEqual(first);
});

function byName(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? '']),
  );
}
