import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { seededRandom } from '../time/virtual-time.ts';

/** What becomes of a call. `effect`: whether the service behind the proxy has carried it out all the same. */
export type Fault =
  /** Carried out, and answered this much later. */
  | { kind: 'delay'; ms: number }
  /** Never answered; the connection stays open until the client gives up. */
  | { kind: 'hang'; effect: 'none' | 'done' }
  /** The head and half of the body of the answer come, and then nothing more. */
  | { kind: 'stall' }
  /** The connection is closed without an answer. */
  | { kind: 'drop'; effect: 'none' | 'done' }
  | { kind: 'reset'; effect: 'none' | 'done' }
  /** Answered by the proxy, as the service's own error. */
  | { kind: 'refuse'; status: number; errorType: string; headers?: Record<string, string> };

type FaultRule = {
  /** As in the SigV4 credential scope: `rds-data`, `sqs`, `secretsmanager`, `lambda`. Default any. */
  service?: string;
  /** `ExecuteStatement`, `SendMessageBatch`, `GetSecretValue`, `Invoke`, …. Default any. */
  operation?: string;
  /** Only calls whose request holds this text: a piece of a statement, a queue's name. */
  holds?: string;
  fault: Fault;
  /** How many calls meet it. Default all. */
  times?: number;
  /** In [0, 1], thrown for each call by the proxy's seed. Default 1. */
  probability?: number;
};

type ProxiedCall = {
  service: string;
  operation: string;
  /** What it met; undefined where it was passed on as it is. */
  fault: Fault['kind'] | undefined;
  /** Calls with the same number came over the same connection. */
  connection: number;
};

/** Stands between the SDK's clients, or a function, and a twin or a local endpoint, and loses what it is told to. */
export type FaultyProxy = {
  /** For a client's `endpoint`, or a function's `AWS_ENDPOINT_URL`. */
  endpoint: string;
  /** Every call so far, in the order of their coming. */
  calls: ProxiedCall[];
  /** From now on calls meet this. Of the rules that fit a call, the first that was told counts. */
  fail(rule: FaultRule): void;
  /** No call meets anything any more; those that hang go on hanging. */
  heal(): void;
  /** Resolves once so many calls have come. */
  called(times: number): Promise<void>;
  close(): Promise<void>;
};

/** @param upstream where the calls go, e.g. `http://127.0.0.1:4566` */
export async function startFaultyProxy({
  upstream,
  seed = 1,
}: {
  upstream: string;
  seed?: number;
}): Promise<FaultyProxy> {
  const random = seededRandom(seed);
  const agent = new Agent({ keepAlive: true });
  const connections = new WeakMap<Socket, number>();
  const calls: ProxiedCall[] = [];
  let connected = 0;
  let rules: (FaultRule & { left: number })[] = [];
  let waiting: { times: number; resolve: () => void }[] = [];

  function faultOf(service: string, operation: string, body: Buffer): Fault | undefined {
    for (const rule of rules) {
      if (rule.left === 0 || (rule.service ?? service) !== service || (rule.operation ?? operation) !== operation)
        continue;
      if (rule.holds !== undefined && !body.includes(rule.holds)) continue;
      if (random() >= (rule.probability ?? 1)) continue;
      rule.left--;
      return rule.fault;
    }
    return undefined;
  }

  async function take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const service = /Credential=[^/]+\/[^/]+\/[^/]+\/([\w-]+)\//.exec(incoming.headers.authorization ?? '')?.[1] ?? '';
    const operation = operationOf(incoming);
    const fault = faultOf(service, operation, body);
    calls.push({ service, operation, fault: fault?.kind, connection: connections.get(incoming.socket) ?? 0 });
    for (const { times, resolve } of waiting) if (calls.length >= times) resolve();
    waiting = waiting.filter(({ times }) => calls.length < times);
    const ask = () => askUpstream({ upstream, agent }, incoming, body);
    if (fault === undefined) return answer(outgoing, await ask());
    await carryOut(fault, { outgoing, ask });
  }

  const server = createServer((incoming, outgoing) => {
    take(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on('connection', (socket) => connections.set(socket, ++connected));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls,
    fail: (rule) => void rules.push({ ...rule, left: rule.times ?? Infinity }),
    heal: () => void (rules = []),
    called: (times) =>
      calls.length >= times ? Promise.resolve() : new Promise((resolve) => waiting.push({ times, resolve })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

type Answer = { status: number; headers: IncomingMessage['headers']; body: Buffer };

async function carryOut(
  fault: Fault,
  { outgoing, ask }: { outgoing: ServerResponse; ask: () => Promise<Answer> },
): Promise<void> {
  if ('effect' in fault && fault.effect === 'done') await ask();
  switch (fault.kind) {
    case 'delay': {
      const given = await ask();
      await new Promise((resolve) => setTimeout(resolve, fault.ms).unref());
      return answer(outgoing, given);
    }
    case 'hang':
      return;
    case 'stall': {
      const { status, headers, body } = await ask();
      outgoing.writeHead(status, { ...headers, 'content-length': body.byteLength });
      outgoing.write(body.subarray(0, body.byteLength >> 1));
      return;
    }
    case 'drop':
      outgoing.socket?.end();
      return;
    case 'reset':
      outgoing.socket?.resetAndDestroy();
      return;
    case 'refuse': {
      const headers = { 'content-type': 'application/json', 'x-amzn-errortype': fault.errorType, ...fault.headers };
      const body = Buffer.from(JSON.stringify({ __type: fault.errorType, message: fault.errorType }));
      return answer(outgoing, { status: fault.status, headers, body });
    }
  }
}

function answer(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...headers, 'content-length': body.byteLength }).end(body);
}

function askUpstream(
  { upstream, agent }: { upstream: string; agent: Agent },
  { method, url = '/', headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { agent, headers, ...(method === undefined ? {} : { method }) };
    const asked = request(new URL(url, upstream), options, (given) => {
      const { 'transfer-encoding': _, ...headers } = given.headers;
      bodyOf(given).then((body) => resolve({ status: given.statusCode ?? 502, headers, body }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** JSON services name it in a header, the Data API and Lambda by their path. */
function operationOf({ headers, url = '' }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? '';
  if (/\/invocations(?:\?|$)/.test(url)) return 'Invoke';
  return /^\/(?:Batch)?Execute$/.test(url) ? `${url.slice(1)}Statement` : url.slice(1);
}
