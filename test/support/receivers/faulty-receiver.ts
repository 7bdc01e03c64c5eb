import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { SeededRandom } from '../../chaos/seeded-random.ts';

/** All that one delivery's endpoint has seen. */
type Seen = {
  requests: { attempt: number; atMs: number }[];
  /** How many requests it answered with a 2xx, whether or not anybody was left to read it. */
  acceptances: number;
  inFlight: number;
};

export type FaultyReceiver = {
  url: string;
  /** The same, but away for 20 s of every 40. */
  awayUrl: string;
  /** By delivery uuid. */
  seen: ReadonlyMap<string, Seen>;
  /** Every breach of what a receiver may rely on, in words. */
  breaches: readonly string[];
  close(): Promise<void>;
};

type Behaviour = { kind: 'answer'; status: number; afterMs: number } | { kind: 'hang up' };

/** Longer than the attempt's two seconds. */
const TOO_SLOW_MS = 3_000;
const AWAY_PATH = '/away';
const AWAY_MS = 20_000;
const AWAY: Behaviour = { kind: 'answer', status: 503, afterMs: 0 };

/**
 * An endpoint that fails at random, differently for each attempt of each delivery, but the same for the same seed: one in
 * four fails, one in a hundred deliveries is refused for good.
 */
export async function startFaultyReceiver(random: SeededRandom): Promise<FaultyReceiver> {
  const seen = new Map<string, Seen>();
  const breaches: string[] = [];
  const openedAtMs = Date.now();
  const isAway = (path: string | undefined) =>
    path === AWAY_PATH && Math.floor((Date.now() - openedAtMs) / AWAY_MS) % 2 === 1;
  const server = createServer((request, response) => {
    const uuid = String(request.headers['x-dograh-delivery-id']);
    const attempt = Number(request.headers['x-dograh-delivery-attempt']);
    const known = seen.get(uuid) ?? { requests: [], acceptances: 0, inFlight: 0 };
    seen.set(uuid, known);
    if (known.inFlight > 0) breaches.push(`${uuid}: attempt ${attempt} came while another was in flight`);
    if (known.requests.some((earlier) => earlier.attempt === attempt)) {
      breaches.push(`${uuid}: attempt ${attempt} came twice`);
    }
    known.requests.push({ attempt, atMs: Date.now() });
    known.inFlight += 1;
    // Once, however the exchange ends: answered, given up by the sender, or its process killed.
    response.once('close', () => (known.inFlight -= 1));
    const behaviour = isAway(request.url) ? AWAY : behaviourFor(random, uuid, attempt);
    behave(behaviour, { request, response, known });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    awayUrl: `http://127.0.0.1:${address.port}${AWAY_PATH}`,
    seen,
    breaches,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function behaviourFor(random: SeededRandom, uuid: string, attempt: number): Behaviour {
  if (random.of('gone', uuid) < 0.01) return { kind: 'answer', status: 410, afterMs: 0 };
  const fate = random.of('fate', uuid, attempt);
  if (fate < 0.1) return { kind: 'answer', status: 500, afterMs: 0 };
  if (fate < 0.15) return { kind: 'answer', status: 503, afterMs: 200 };
  if (fate < 0.2) return { kind: 'hang up' };
  if (fate < 0.24) return { kind: 'answer', status: 200, afterMs: TOO_SLOW_MS };
  if (fate < 0.4) return { kind: 'answer', status: 200, afterMs: 50 + random.of('pause', uuid, attempt) * 1_000 };
  return { kind: 'answer', status: 200, afterMs: 0 };
}

function behave(
  behaviour: Behaviour,
  { request, response, known }: { request: IncomingMessage; response: ServerResponse; known: Seen },
): void {
  request.resume();
  // A sender that was killed half way.
  request.on('error', () => undefined);
  request.on('end', () => {
    if (behaviour.kind === 'hang up') {
      request.socket.destroy();
      return;
    }
    const { status, afterMs } = behaviour;
    setTimeout(() => {
      if (response.destroyed) return;
      if (status < 300) known.acceptances += 1;
      response.writeHead(status, { 'content-length': 0 }).end();
    }, afterMs);
  });
}
