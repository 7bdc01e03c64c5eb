import { createServer } from 'node:http';

/** What a request of the bench says in its body. */
export type Numbered = { key: string; number: number };

type Seen = Numbered & {
  atMs: number;
  /** Requests of its key that were open when it came. */
  openOfKey: number;
};

export type OrderedReceiver = {
  url: string;
  /** In the order in which they came. */
  requests: readonly Seen[];
  close(): Promise<void>;
};

/** An endpoint on loopback that knows in which order the requests of each key came, and whether two of one key were open at once. */
export async function openOrderedReceiver(
  behave: (request: Numbered, nth: number) => { status: number; afterMs: number },
): Promise<OrderedReceiver> {
  const requests: Seen[] = [];
  const open = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const numbered = JSON.parse(Buffer.concat(chunks).toString()) as Numbered;
      const { key, number } = numbered;
      const openOfKey = open.get(key) ?? 0;
      open.set(key, openOfKey + 1);
      requests.push({ key, number, atMs: Date.now(), openOfKey });
      // Once, however the exchange ends: answered, given up by the sender, or its process killed.
      response.once('close', () => open.set(key, (open.get(key) ?? 1) - 1));
      const nth = requests.filter((seen) => seen.key === key && seen.number === number).length;
      const { status, afterMs } = behave(numbered, nth);
      setTimeout(() => {
        if (!response.destroyed) response.writeHead(status, { 'content-length': 0 }).end();
      }, afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
