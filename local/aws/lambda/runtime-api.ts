import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Invocation } from './invocation.ts';

/** Largest answer of a function, bytes: 6 MB and a little, as Lambda's own error message names it. */
export const MAX_ANSWER_BYTES = 6_291_556;

const PREFIX = '/2018-06-01/runtime/';

/** What a runtime tells its Lambda. Request ids are as sent: the owner compares them with the invocation it gave out. */
export type RuntimeReports = {
  /** It asks for an event: initialised, and done with the one before. */
  ready: () => void;
  answered: (requestId: string, answer: Buffer) => AnswerVerdict;
  failed: (requestId: string, error: Buffer) => AnswerVerdict;
  answerTooLarge: (requestId: string) => void;
  initFailed: (error: Buffer) => void;
  /** Its last connection is closed: nothing more can arrive from a process that has exited. */
  silent: () => void;
};

type AnswerVerdict = 'taken' | 'unknown request';

export type RuntimeApi = {
  /** Value of AWS_LAMBDA_RUNTIME_API. */
  address: string;
  /**
   * Hands over an event to the runtime that asked for one. False if none has asked or it has disconnected: nothing was sent.
   */
  deliver: (invocation: Invocation, deadlineMs: number) => boolean;
  /** Open connections of the runtime. */
  connections: () => number;
  close: () => void;
};

/** The Runtime API of one process, on its own loopback port, so that the port identifies the process. */
export async function startRuntimeApi(reports: RuntimeReports): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  let connections = 0;

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${PREFIX}invocation/next`) {
      waiting = response;
      response.on('close', () => {
        if (waiting === response) waiting = undefined;
      });
      reports.ready();
      return;
    }
    void receive(request).then((body) => answer(response, ...report(path, body, reports)), ignoreBrokenUpload);
  });
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('close', () => {
      connections -= 1;
      if (connections === 0) reports.silent();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // The child's death ends its connections; the listener alone must not keep the twin alive.
  server.unref();
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the Runtime API is bound to no port');

  return {
    address: `127.0.0.1:${bound.port}`,
    deliver(invocation, deadlineMs) {
      const response = waiting;
      if (response === undefined || response.destroyed) return false;
      waiting = undefined;
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(invocation.payload),
        'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
        'Lambda-Runtime-Deadline-Ms': deadlineMs,
        'Lambda-Runtime-Invoked-Function-Arn': invocation.functionArn,
        'Lambda-Runtime-Trace-Id': invocation.traceId,
      });
      response.end(invocation.payload);
      return true;
    },
    connections: () => connections,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Posted = Buffer | 'too large';

function receive(request: IncomingMessage): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is read and dropped: a runtime that is still writing could not read the refusal.
      if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
    });
    request.on('end', () => resolve(bytes > MAX_ANSWER_BYTES ? 'too large' : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the runtime hung up')));
  });
}

/** The exit of the process decides the outcome of the invocation. */
function ignoreBrokenUpload(): void {}

function report(path: string, body: Posted, reports: RuntimeReports): [status: number, document: object] {
  if (path === `${PREFIX}init/error`) {
    reports.initFailed(body === 'too large' ? Buffer.from('{}') : body);
    return [202, { status: 'OK' }];
  }
  const [, requestId, kind] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  if (requestId === undefined) return [404, { errorType: 'UnknownOperation', errorMessage: 'Unknown operation' }];
  if (body === 'too large') {
    reports.answerTooLarge(requestId);
    const errorMessage = `Exceeded maximum allowed payload size (${MAX_ANSWER_BYTES} bytes).`;
    return [413, { errorType: 'RequestEntityTooLarge', errorMessage }];
  }
  const verdict = kind === 'response' ? reports.answered(requestId, body) : reports.failed(requestId, body);
  if (verdict === 'taken') return [202, { status: 'OK' }];
  return [400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' }];
}

function answer(response: ServerResponse, status: number, document: object): void {
  const body = JSON.stringify(document);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
