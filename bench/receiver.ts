// A receiver of webhooks in a process of its own, so that its processor time is told from the stack's. Its parent asks by
// IPC. It answers a request for `/after/<ms>/…` with 200 after so many milliseconds.
import { createServer } from 'node:http';
import { sharedClockMs } from './shared-clock.ts';

export type ReceiverQuestion = { kind: 'wait'; path: string; count: number } | { kind: 'receipts'; path: string };
export type ReceiverAnswer =
  | { kind: 'listening'; port: number }
  | { kind: 'reached' }
  | { kind: 'receipts'; receipts: Receipt[] };
/** When the request's first byte of headers was read, in milliseconds of a clock that all processes share. */
export type Receipt = { deliveryUuid: string; atMs: number; path: string };

function main(): void {
  const receipts: Receipt[] = [];
  const seen = new Map<string, Set<string>>();
  let waits: { path: string; count: number }[] = [];
  const tell = (answer: ReceiverAnswer): void => void process.send?.(answer);

  function answerWaits(): void {
    waits = waits.filter(({ path, count }) => {
      const reached = (seen.get(path)?.size ?? 0) >= count;
      if (reached) tell({ kind: 'reached' });
      return !reached;
    });
  }

  const server = createServer((request, response) => {
    const [, , delay = '0', scenario = ''] = (request.url ?? '').split('/');
    const deliveryUuid = String(request.headers['x-dograh-delivery-id']);
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
  });
  server.keepAliveTimeout = 30_000;
  process.on('message', (question: ReceiverQuestion) => {
    if (question.kind === 'wait') {
      waits.push(question);
      answerWaits();
    } else {
      tell({ kind: 'receipts', receipts: receipts.filter(({ path }) => path.split('/')[3] === question.path) });
    }
  });
  // With its parent it ends, too.
  process.on('disconnect', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) tell({ kind: 'listening', port: address.port });
  });
}

main();
