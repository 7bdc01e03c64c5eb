// One process that sends as deliver does: batches of ten, through the product's own connections. Its parent asks by IPC.
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { egressPolicy } from '../shared/egress/egress-guard.ts';
import { keepConnections } from '../shared/egress/http-sender.ts';
import { systemClock } from '../shared/runtime/clock.ts';
import { sharedClockMs } from './shared-clock.ts';

/** `kept`: as deliver does; else every connection is closed after each batch. */
export type SendingOrder = { url: string; requests: number; kept: boolean };
/** Without the first tenth, in which V8 compiles. */
export type SendingReport = { processorSeconds: number; ms: number };

const BATCH = 10;
const BODY = Buffer.from(JSON.stringify({ text: 'a webhook of one kilobyte. '.repeat(38).slice(0, 1_011) }));

async function carryOut({ url, requests, kept }: SendingOrder): Promise<SendingReport> {
  const authority = readFileSync(new URL('../test/data/tls/ca.pem', import.meta.url), 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), authority]);
  const open = () =>
    keepConnections({
      policy: egressPolicy({ allowCidrs: ['127.0.0.0/8'], blockedAuthorities: [] }),
      resolve: () => Promise.resolve(['127.0.0.1']),
      clock: systemClock,
    });
  let way = open();
  let begun = { processor: process.cpuUsage(), atMs: sharedClockMs() };
  const warmUp = requests / 10;
  for (let sent = 0; sent < requests + warmUp; sent += BATCH) {
    if (sent === warmUp) begun = { processor: process.cpuUsage(), atMs: sharedClockMs() };
    const connections = way.begin();
    const target = sent < warmUp ? `${url}-warm-up` : url;
    const results = await Promise.all(
      Array.from({ length: BATCH }, (_, index) =>
        connections.send(1, posting(target, sent + index), { timeoutMs: 30_000, mustStartByMonotonicMs: Infinity }),
      ),
    );
    const failed = results.find((result) => result.kind !== 'response' || result.status !== 200);
    if (failed !== undefined) throw new Error(`a request was not answered: ${JSON.stringify(failed)}`);
    await connections.close();
    if (kept) continue;
    await way.close();
    way = open();
  }
  const { user, system } = process.cpuUsage(begun.processor);
  await way.close();
  return { processorSeconds: (user + system) / 1_000_000, ms: sharedClockMs() - begun.atMs };
}

function posting(url: string, number: number) {
  return {
    url,
    method: 'POST',
    headers: [
      ['Content-Type', 'application/json'],
      ['Accept', '*/*'],
      ['User-Agent', 'surehook/bench'],
      ['X-Dograh-Delivery-Id', `bench-${number}`],
    ] as const,
    body: BODY,
  };
}

process.once('message', (order: SendingOrder) => {
  void carryOut(order).then((report) => process.send?.(report, () => process.disconnect()));
});
