import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ReceiverProcess } from './receiver-process.ts';
import type { SendingOrder, SendingReport } from './sending-process.ts';

/** What deliver's part between claim and settlement costs: the requests themselves, by the code that deliver runs. */
export type Sending = {
  scenario: string;
  requests: number;
  connections: number;
  /** Of these, TLS sessions that were resumed. */
  resumed: number;
  processorSecondsPer1000: number;
  msPer1000: number;
};

const REQUESTS = 2_000;

/**
 * 2,000 webhooks to one endpoint in batches of ten, as one process of deliver sends them. A private authority can be trusted in a
 * process of its own only: the functions refuse every variable that would add one.
 */
export async function sendingCosts(receiver: ReceiverProcess): Promise<Sending[]> {
  const costs: Sending[] = [];
  for (const scheme of ['http', 'https'] as const) {
    for (const kept of [false, true]) costs.push(await sendingCost(receiver, scheme, kept));
  }
  return costs;
}

async function sendingCost(receiver: ReceiverProcess, scheme: 'http' | 'https', kept: boolean): Promise<Sending> {
  const name = `${scheme}, connections ${kept ? 'kept' : 'closed after each batch'}`;
  const path = name.replaceAll(/[^a-z]+/g, '-');
  const port = scheme === 'http' ? receiver.port : receiver.tlsPort;
  const url = `${scheme}://receiver.example.com:${port}/after/0/${path}`;
  const child = fork(fileURLToPath(new URL('sending-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send({ url, requests: REQUESTS, kept } satisfies SendingOrder);
  const [report] = (await once(child, 'message')) as [SendingReport];
  const { connections, resumed } = await receiver.connections(path);
  return {
    scenario: name,
    requests: REQUESTS,
    connections,
    resumed,
    processorSecondsPer1000: (report.processorSeconds / REQUESTS) * 1000,
    msPer1000: (report.ms / REQUESTS) * 1000,
  };
}
