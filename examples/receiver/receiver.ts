// Receives webhooks and verifies their signature (Standard Webhooks): SIGNING_SECRET=whsec_… PORT=8080 node receiver.ts
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

const KEY = Buffer.from((process.env['SIGNING_SECRET'] ?? '').replace(/^whsec_/, ''), 'base64');
/** Older ones may have been recorded and sent again by somebody else. Every attempt is signed anew. */
const TOLERANCE_SECONDS = 300;
const MOST_BYTES = 256 * 1024;

/** Ids of webhooks that were dealt with; in a real receiver a unique column of its database. */
const known = new Set<string>();

/** The body as bytes: parsed and written again, it would no longer be what was signed. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > MOST_BYTES) throw new RangeError('too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function isGenuine({ headers }: IncomingMessage, body: Buffer, nowSeconds: number): boolean {
  const id = String(headers['webhook-id'] ?? '');
  const timestamp = String(headers['webhook-timestamp'] ?? '');
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = createHmac('sha256', KEY).update(`${id}.${timestamp}.`).update(body).digest();
  // During a rotation there are several, and one that fits is enough.
  const given = String(headers['webhook-signature'] ?? '').split(' ');
  return given.some((signature) => {
    const bytes = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return signature.startsWith('v1,') && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

const server = createServer((request, response) => {
  receive(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(413, { connection: 'close' }).end(),
  );
});

async function receive(request: IncomingMessage): Promise<number> {
  const body = await bodyOf(request);
  if (!isGenuine(request, body, Date.now() / 1000)) return 401;
  const id = String(request.headers['webhook-id']);
  // The same webhook may come twice. It is answered as the first time, and nothing is done again.
  if (!known.has(id)) process.stdout.write(`${id} ${body.toString('utf8')}\n`);
  known.add(id);
  return 204;
}

server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => process.stdout.write('ready\n'));
