import { createServer } from 'node:http';

type Behaviour = { kind: 'answer'; status: number; afterMs: number } | { kind: 'hang' };

export type CountingReceiver = {
  url: string;
  /** In the order in which they came: how many were in flight with it, and how many had been answered with a 2xx before. */
  requests: readonly { deliveryId: string; atMs: number; inFlight: number; answered: number }[];
  /** Deliveries of which two requests were in flight at once. */
  breaches: readonly string[];
  close(): Promise<void>;
};

/** An endpoint on loopback that knows what it has been asked to bear. */
export async function openCountingReceiver(behave: () => Behaviour): Promise<CountingReceiver> {
  const requests: { deliveryId: string; atMs: number; inFlight: number; answered: number }[] = [];
  const breaches: string[] = [];
  const open = new Map<string, number>();
  let inFlight = 0;
  let answered = 0;
  const server = createServer((request, response) => {
    const deliveryId = String(request.headers['x-dograh-delivery-id']);
    const ofDelivery = (open.get(deliveryId) ?? 0) + 1;
    if (ofDelivery > 1) breaches.push(deliveryId);
    open.set(deliveryId, ofDelivery);
    inFlight++;
    requests.push({ deliveryId, atMs: Date.now(), inFlight, answered });
    // Once, however the exchange ends: answered, given up by the sender, or its process killed.
    response.once('close', () => {
      inFlight--;
      open.set(deliveryId, (open.get(deliveryId) ?? 1) - 1);
    });
    request.resume();
    request.on('error', () => undefined);
    request.on('end', () => {
      const behaviour = behave();
      if (behaviour.kind === 'hang') return;
      setTimeout(() => {
        if (response.destroyed) return;
        if (behaviour.status < 300) answered++;
        response.writeHead(behaviour.status, { 'content-length': 0 }).end();
      }, behaviour.afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    requests,
    breaches,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
