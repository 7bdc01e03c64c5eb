// Real: the client, HTTP and connections over loopback. Doubles: what AWS answers, and a clock whose limits are over when a test says
// so. The same client before the local Data API and SQS, with faults in between, is in calls-that-hang.test.ts.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createDataApiCalls, createSecretCalls, createSqsCalls } from '../../../shared/aws/clients.ts';
import { type Clock, systemClock } from '../../../shared/runtime/clock.ts';
import { localSurroundings } from '../../support/stack/local-surroundings.ts';

type Asked = Pick<IncomingMessage, 'url' | 'headers'> & { body: string; socket: Socket };
type Said = { status?: number; body?: string } | 'nothing';

let asked: Asked[];
let say: (number: number) => Said;
let endpoint: string;

beforeEach(async () => {
  asked = [];
  say = () => ({ body: '{}' });
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      asked.push({ url: request.url, headers: request.headers, body, socket: request.socket });
      const said = say(asked.length);
      if (said === 'nothing') return;
      response.writeHead(said.status ?? 200, { 'content-type': 'application/json' }).end(said.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

const unbounded = { abortSignal: new AbortController().signal };

function dataApi(more: Readonly<Record<string, string>> = {}, clock: Clock = systemClock) {
  const { environment } = localSurroundings(endpoint);
  const calls = createDataApiCalls({ environment: { ...environment, ...more }, clock });
  onTestFinished(() => calls.destroy());
  return calls;
}

const CLUSTER = { resourceArn: 'arn:cluster', secretArn: 'arn:secret', database: 'surehook' };
const begin = (calls = dataApi(), options = unbounded) => calls.call('BeginTransaction', CLUSTER, options);

test('a call of the Data API is a POST of JSON to the path of its operation', async () => {
  say = () => ({ body: '{"transactionId":"t-1"}' });
  expect(await begin()).toEqual({ transactionId: 't-1' });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.url).toBe('/BeginTransaction');
  expect(asked[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    host: endpoint.slice('http://'.length),
  });
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual(CLUSTER);
});

test('an answer without a body is an empty one', async () => {
  say = () => ({});
  expect(await begin()).toEqual({});
});

test('an answer in many pieces, with characters cut in between, is read as a whole', async () => {
  const sql = '☃'.repeat(200_000);
  say = () => ({ body: JSON.stringify({ transactionId: sql }) });
  expect(await begin()).toEqual({ transactionId: sql });
});

test('calls one after the other share a connection', async () => {
  const calls = dataApi();
  for (let count = 0; count < 3; count++) await begin(calls);
  expect(new Set(asked.map(({ socket }) => socket)).size).toBe(1);
});

test('a queue is asked where its URL says, where no endpoint is set', async () => {
  const { environment } = localSurroundings(endpoint);
  const calls = createSqsCalls({ environment: { ...environment, AWS_ENDPOINT_URL: '' }, clock: systemClock });
  onTestFinished(() => calls.destroy());
  const QueueUrl = `${endpoint}/000000000000/delivery`;
  await calls.call('SendMessageBatch', { QueueUrl, Entries: [{ Id: '0', MessageBody: 'a' }] }, unbounded);
  expect(asked[0]?.url).toBe('/');
  expect(asked[0]?.headers).toMatchObject({ 'x-amz-target': 'AmazonSQS.SendMessageBatch' });
});

describe('the trace of the invocation', () => {
  test('goes along, whichever it is by then', async () => {
    const environment: Record<string, string | undefined> = { ...localSurroundings(endpoint).environment };
    const calls = createDataApiCalls({ environment, clock: systemClock });
    onTestFinished(() => calls.destroy());
    for (const trace of ['Root=1-a', 'Root=1-b']) {
      environment['_X_AMZN_TRACE_ID'] = trace;
      await begin(calls);
    }
    expect(asked.map(({ headers }) => headers['x-amzn-trace-id'])).toEqual(['Root=1-a', 'Root=1-b']);
  });

  test('is left out where there is none', async () => {
    await begin();
    expect(asked[0]?.headers).not.toHaveProperty('x-amzn-trace-id');
  });
});

describe('a call', () => {
  test('that is answered by a fault that passes is made three times at most', async () => {
    say = () => ({ status: 500, body: '{"__type":"InternalFailure"}' });
    await expect(begin()).rejects.toMatchObject({ name: 'InternalFailure', status: 500 });
    expect(asked).toHaveLength(3);
  });

  test('that is refused is made once', async () => {
    say = () => ({ status: 400, body: '{"__type":"ValidationException","message":"no"}' });
    await expect(begin()).rejects.toMatchObject({ name: 'ValidationException', message: 'no' });
    expect(asked).toHaveLength(1);
  });

  test('is not made at all for a caller that waits no longer', async () => {
    await expect(begin(dataApi(), { abortSignal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(asked).toEqual([]);
  });

  test('whose caller waits no longer ends, and its connection with it', async () => {
    const abort = new AbortController();
    const hungUp = Promise.withResolvers<void>();
    say = () => {
      asked.at(-1)?.socket.once('close', () => hungUp.resolve());
      abort.abort();
      return 'nothing';
    };
    await expect(begin(dataApi(), { abortSignal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await hungUp.promise;
    expect(asked).toHaveLength(1);
  });

  test('whose caller waits no longer during the pause before a repeat ends', async () => {
    const abort = new AbortController();
    // The only thing that is waited for: a pause that never ends.
    const clock = { ...systemClock, after: (_delayMs: number, _fire: () => void) => (abort.abort(), () => {}) };
    say = () => ({ status: 503 });
    await expect(begin(dataApi({}, clock), { abortSignal: abort.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('by somebody without credentials names what is not set', async () => {
    await expect(begin(dataApi({ AWS_ACCESS_KEY_ID: '' }))).rejects.toThrow('not set: AWS_ACCESS_KEY_ID');
    expect(asked).toEqual([]);
  });
});

test('a connection that does not come in time is tried again, and told as a timeout in the end', async () => {
  const atOnce = { ...systemClock, after: (ms: number, fire: () => void) => (fire(), () => void ms) };
  await expect(begin(dataApi({}, atOnce))).rejects.toMatchObject({ name: 'TimeoutError', code: 'ETIMEDOUT' });
  expect(asked).toEqual([]);
});

test('a secret whose answer does not come in 1.5 s is asked for again', async () => {
  const limits: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, fire) {
      if (delayMs !== 1_500) return systemClock.after(delayMs, fire);
      limits.push(fire);
      return () => {};
    },
  };
  say = (number) => {
    if (number === 3) return { body: '{"SecretString":"s"}' };
    limits.at(-1)?.();
    return 'nothing';
  };
  const calls = createSecretCalls({ ...localSurroundings(endpoint), clock });
  onTestFinished(() => calls.destroy());
  const secret = { SecretId: 'a', VersionStage: 'AWSCURRENT' };
  expect(await calls.call('GetSecretValue', secret, unbounded)).toEqual({ SecretString: 's' });
  expect(limits).toHaveLength(3);
});
