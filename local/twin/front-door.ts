import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AwsRequest, AwsService } from '../aws/aws-service.ts';
import { refusalInProtocol, type ServiceRefusal } from '../aws/protocol-refusal.ts';
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
    serve(request, response, behind).catch((error: unknown) => {
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
  behind: Parameters<FrontDoor['open']>[0] | undefined,
): Promise<void> {
  if (!isLoopbackHost(request.headers.host)) return refuse(response, 403, 'only loopback host names are served');
  const scope = credentialScope(request);
  if (scope !== undefined) return serveAws(request, response, { ...scope, services: behind?.services });
  if (behind === undefined) return refuse(response, 503, 'surehook is starting');
  for (const page of behind.pages) if (await page(request, response)) return undefined;
  return refuse(response, 404, 'not found; AWS API requests need a SigV4 credential scope (any credentials will do)');
}

type Scope = { accessKeyId: string; service: string };

async function serveAws(
  request: IncomingMessage,
  response: ServerResponse,
  { service, accessKeyId, services }: Scope & { services: Readonly<Record<string, AwsService>> | undefined },
): Promise<void> {
  const gone = new AbortController();
  // An abort costs an exception with its stack, so there is none once the answer was sent.
  response.once('close', () => response.writableFinished || gone.abort());
  const body = await readBody(request);
  const path = request.url ?? '/';
  const asked: AwsRequest = {
    method: request.method ?? 'GET',
    path,
    query: URL.parse(path, `http://${HOST}`)?.searchParams ?? new URLSearchParams(),
    headers: flatHeaders(request),
    body: body ?? Buffer.alloc(0),
    accessKeyId,
    signal: gone.signal,
  };
  const serving = services === undefined || !Object.hasOwn(services, service) ? undefined : services[service];
  const refusal = whyNotServed(asked, { service, isTooLarge: body === undefined, services });
  const answer =
    refusal !== undefined || serving === undefined
      ? refusalInProtocol(service, asked, refusal ?? NOT_STARTED)
      : await serving(asked);
  if (gone.signal.aborted) return;
  response.writeHead(answer.status, { 'x-amzn-requestid': randomUUID(), ...answer.headers }).end(answer.body);
}

const NOT_STARTED: ServiceRefusal = { status: 503, code: 'ServiceUnavailable', message: 'surehook is starting' };

function whyNotServed(
  { headers }: AwsRequest,
  asked: { service: string; isTooLarge: boolean; services: Readonly<Record<string, AwsService>> | undefined },
): ServiceRefusal | undefined {
  const { service, isTooLarge, services } = asked;
  // A web page must not call AWS APIs: it has no AWS credentials.
  if (headers['origin'] !== undefined) {
    return { status: 403, code: 'AccessDenied', message: 'web pages may not call AWS APIs' };
  }
  if (services === undefined) return NOT_STARTED;
  if (!Object.hasOwn(services, service)) {
    const here = Object.keys(services).toSorted().join(', ');
    const message = `The local stack has no service ${service.slice(0, 64)}. Here are: ${here}.`;
    return { status: 400, code: 'UnknownService', message };
  }
  if (isTooLarge) return { status: 413, code: 'RequestEntityTooLarge', message: 'The request is too large.' };
  return undefined;
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

/**
 * `AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/sqs/aws4_request, …`; in a presigned URL the credential is in the
 * query.
 */
function credentialScope({ headers, url = '/' }: IncomingMessage): Scope | undefined {
  const signed = /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1];
  const presigned = signed ?? URL.parse(url, `http://${HOST}`)?.searchParams.get('X-Amz-Credential') ?? '';
  const [accessKeyId, , , service] = presigned.split('/');
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
