import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AwsRequest, AwsService } from '../../local/aws/aws-service.ts';

type Served = {
  /** E.g. `http://127.0.0.1:54321`, for an SDK client's `endpoint`. */
  endpoint: string;
  /** Ends open requests too, long polls among them. */
  close(): Promise<void>;
};

/**
 * Puts AWS endpoints behind a loopback port of their own, so that a test drives them through the real SDK clients.
 * `handlers` is keyed by the service of the SigV4 credential scope: `sqs`, `secretsmanager`, `rds-data`, `lambda`.
 * A handler that rejects answers 500 with its message: in a test that is a bug to be seen.
 */
export async function serveAwsService(handlers: Readonly<Record<string, AwsService>>): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    answer(handlers, { incoming, outgoing }).catch((error: unknown) => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handlers: Readonly<Record<string, AwsService>>,
  exchange: { incoming: IncomingMessage; outgoing: ServerResponse },
): Promise<void> {
  const { incoming, outgoing } = exchange;
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const scope = credentialScope(incoming.headers.authorization);
  const handler = scope === undefined ? undefined : handlers[scope.service];
  if (handler === undefined) throw new Error(`no handler for the service ${scope?.service ?? '(no credential scope)'}`);

  const path = incoming.url ?? '/';
  const request: AwsRequest = {
    method: incoming.method ?? 'GET',
    path,
    query: new URL(path, 'http://127.0.0.1').searchParams,
    headers: flatHeaders(incoming),
    body: Buffer.concat(chunks),
    accessKeyId: scope?.accessKeyId,
    signal: gone.signal,
  };
  const response = await handler(request);
  if (gone.signal.aborted) return;
  outgoing.writeHead(response.status, response.headers).end(response.body);
}

/** `AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/sqs/aws4_request, …` */
function credentialScope(authorization: string | undefined): { accessKeyId: string; service: string } | undefined {
  const [accessKeyId, , , service] = /Credential=([^,\s]+)/.exec(authorization ?? '')?.[1]?.split('/') ?? [];
  return accessKeyId === undefined || service === undefined ? undefined : { accessKeyId, service };
}

function flatHeaders(incoming: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
