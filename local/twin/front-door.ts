import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AwsService } from '../aws/aws-service.ts';
import { StartError } from '../start-error.ts';
import { systemCode } from './start-fault.ts';

/** Returns whether it handled the request. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export type FrontDoor = {
  port: number;
  /** Opens the port's services. Until then every request is answered 503. */
  open(behind: { services: Readonly<Record<string, AwsService>>; pages: readonly PageHandler[] }): void;
  /** Ends every request, including long polls, and frees the port. */
  close(): Promise<void>;
};

const HOST = '127.0.0.1';
/** The largest request of any service is Lambda's 6 MB; larger ones that Lambda refuses itself must still get through. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * The one port: AWS APIs by the service in the SigV4 credential scope (signatures are not verified), pages for all other
 * requests. Only loopback names are served, so that no web page can reach it under its own host name. Throws StartError if
 * the port is taken. With port 0 the system chooses a free one.
 */
export async function openFrontDoor(port: number): Promise<FrontDoor> {
  let behind: Parameters<FrontDoor['open']>[0] | undefined;
  const server = createServer((request, response) => {
    response.on('error', () => response.destroy());
    const served =
      behind === undefined ? refuse(response, 503, 'surehook is starting') : serve(request, response, behind);
    Promise.resolve(served).catch((error: unknown) => {
      process.stderr.write(`surehook: a request failed: ${error instanceof Error ? error.message : 'unknown'}\n`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'internal error');
    });
  });
  // SDK clients keep connections open: the default of 5 s would close one during a request.
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 0;
  const bound = await listen(server, port);
  return {
    port: bound,
    open: (services) => {
      behind = services;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { services, pages }: Parameters<FrontDoor['open']>[0],
): Promise<void> {
  if (!isLoopbackHost(request.headers.host)) return refuse(response, 403, 'only loopback host names are served');
  const scope = credentialScope(request.headers.authorization);
  if (scope === undefined) {
    for (const page of pages) if (await page(request, response)) return undefined;
    return refuse(response, 404, 'not found; AWS API requests need a SigV4 credential scope (any credentials will do)');
  }
  // A web page must not call AWS APIs: it has no AWS credentials.
  if (request.headers.origin !== undefined) return refuse(response, 403, 'web pages may not call AWS APIs');
  const service = services[scope.service];
  if (service === undefined) return refuse(response, 404, `no service ${scope.service} here`);
  return serveAws(request, response, { service, accessKeyId: scope.accessKeyId });
}

async function serveAws(
  request: IncomingMessage,
  response: ServerResponse,
  { service, accessKeyId }: { service: AwsService; accessKeyId: string },
): Promise<void> {
  const gone = new AbortController();
  // An abort costs an exception with its stack, so there is none once the answer was sent.
  response.once('close', () => response.writableFinished || gone.abort());
  const body = await readBody(request);
  if (body === undefined) return refuse(response, 413, 'the request is too large');
  const path = request.url ?? '/';
  const answer = await service({
    method: request.method ?? 'GET',
    path,
    query: new URL(path, `http://${HOST}`).searchParams,
    headers: flatHeaders(request),
    body,
    accessKeyId,
    signal: gone.signal,
  });
  if (gone.signal.aborted) return;
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

/** Undefined if it is too large; the rest is read and dropped, so that the client can read the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

/** `AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/sqs/aws4_request, …` */
function credentialScope(authorization: string | undefined): { accessKeyId: string; service: string } | undefined {
  const [accessKeyId, , , service] = /Credential=([^,\s]+)/.exec(authorization ?? '')?.[1]?.split('/') ?? [];
  return accessKeyId === undefined || service === undefined ? undefined : { accessKeyId, service };
}

function isLoopbackHost(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/, '').toLowerCase();
  return name !== undefined && (name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name));
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new StartError(whyNotOpen(port, cause), { cause })));
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve(address === null || typeof address === 'string' ? port : address.port);
    });
  });
}

/** The message for a port that cannot be listened on. */
export function whyNotOpen(port: number, cause: Error): string {
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return `port ${port} on ${HOST} is taken: choose another with PORT=…`;
    case 'EADDRNOTAVAIL':
      return `this machine has no ${HOST}, where all of surehook listens: an IPv6 loopback address alone is not enough`;
    default:
      return `port ${port} on ${HOST} cannot be opened (${cause.message}): choose another with PORT=…`;
  }
}
