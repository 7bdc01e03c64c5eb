// A receiver of webhooks in a process of its own, so that its processor time is told from the stack's. Its parent asks by
// IPC. It answers a request for `/after/<ms>/…` with 200 after so many milliseconds, over TLS on a port of its own.
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { sharedClockMs } from './shared-clock.ts';

export type ReceiverQuestion =
  | { kind: 'wait'; path: string; count: number }
  | { kind: 'receipts' | 'received'; path: string };
export type ReceiverAnswer =
  | { kind: 'listening'; port: number; tlsPort: number }
  | { kind: 'reached' }
  | ({ kind: 'receipts'; receipts: Receipt[] } & Connections)
  /** Different deliveries, and requests in all. */
  | { kind: 'received'; deliveryUuids: string[]; requests: number };
/** That carried requests of a scenario, and how many of them resumed a TLS session. */
export type Connections = { connections: number; resumed: number };
/** When the request's first byte of headers was read, in milliseconds of a clock that all processes share. */
export type Receipt = { deliveryUuid: string; atMs: number; path: string };

const MAX_RECEIPTS = 100_000;

function main(): void {
  const receipts: Receipt[] = [];
  const seen = new Map<string, Set<string>>();
  const requests = new Map<string, number>();
  const sockets = new Map<string, Set<Socket>>();
  let waits: { path: string; count: number }[] = [];
  const tell = (answer: ReceiverAnswer): void => void process.send?.(answer);

  function answerWaits(): void {
    waits = waits.filter(({ path, count }) => {
      const reached = (seen.get(path)?.size ?? 0) >= count;
      if (reached) tell({ kind: 'reached' });
      return !reached;
    });
  }

  const listener: RequestListener = (request, response) => {
    const [, , delay = '0', scenario = ''] = (request.url ?? '').split('/');
    sockets.set(scenario, (sockets.get(scenario) ?? new Set()).add(request.socket));
    const deliveryUuid = String(request.headers['x-dograh-delivery-id']);
    requests.set(scenario, (requests.get(scenario) ?? 0) + 1);
    // An hour's would fill the memory, and only what is short asks for them.
    if (receipts.length >= MAX_RECEIPTS) receipts.splice(0, MAX_RECEIPTS / 2);
    receipts.push({ deliveryUuid, atMs: sharedClockMs(), path: request.url ?? '' });
    request.resume();
    request.on('end', () => {
      const answer = (): void => {
        response.writeHead(200, { 'content-length': 2 }).end('ok');
        const known = seen.get(scenario) ?? new Set();
        seen.set(scenario, known.add(deliveryUuid));
        answerWaits();
      };
      if (delay === '0') answer();
      else setTimeout(answer, Number(delay));
    });
  };
  const servers = [createServer(listener), createTlsServer(fixture(), listener)];
  for (const server of servers) server.keepAliveTimeout = 30_000;
  process.on('message', (question: ReceiverQuestion) => {
    if (question.kind === 'wait') {
      waits.push(question);
      answerWaits();
    } else if (question.kind === 'received') {
      tell({
        kind: 'received',
        deliveryUuids: [...(seen.get(question.path) ?? [])],
        requests: requests.get(question.path) ?? 0,
      });
    } else {
      const used = [...(sockets.get(question.path) ?? [])];
      tell({
        kind: 'receipts',
        receipts: receipts.filter(({ path }) => path.split('/')[3] === question.path),
        connections: used.length,
        resumed: used.filter((socket) => socket instanceof TLSSocket && socket.isSessionReused()).length,
      });
    }
  });
  // With its parent it ends, too.
  process.on('disconnect', () => process.exit(0));
  listenAll(servers, (port, tlsPort) => tell({ kind: 'listening', port, tlsPort }));
}

function listenAll(servers: readonly Server[], ready: (port: number, tlsPort: number) => void): void {
  let listening = 0;
  for (const server of servers) {
    server.listen(0, '127.0.0.1', () => {
      listening += 1;
      if (listening < servers.length) return;
      const [port = 0, tlsPort = 0] = servers.map((each) => (each.address() as AddressInfo).port);
      ready(port, tlsPort);
    });
  }
}

/** Of receiver.example.com, by an authority of the tests. */
function fixture(): { key: Buffer; cert: Buffer } {
  const read = (name: string): Buffer => readFileSync(new URL(`../test/data/tls/${name}`, import.meta.url));
  return { key: read('good.key'), cert: read('good.pem') };
}

main();
