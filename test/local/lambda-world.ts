import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { createLambda, type Lambda, type LambdaOptions } from '../../local/aws/lambda/service.ts';
import type { FunctionLogLine, LambdaFunction } from '../../local/aws/lambda/lambda-function.ts';
import type { OutgoingMessage } from '../../local/aws/sqs/message.ts';
import { serveAwsService } from './serve-aws-service.ts';

/** What a test makes of the local Lambda; everything made ends with `close`. */
export class LambdaBench {
  readonly lines: FunctionLogLine[] = [];
  readonly sent: { queueArn: string; message: OutgoingMessage }[] = [];
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #watchers = new Set<() => void>();

  /** A folder with an ES module bundle: `index.mjs`. */
  async folder(source: string, fileName = 'index.mjs'): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'lambda-bench-'));
    this.#closers.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, fileName), source);
    return folder;
  }

  /** A function with this handler; the attributes named are the only ones that matter. */
  async lambdaFunction(source: string, attributes: Partial<LambdaFunction> = {}): Promise<LambdaFunction> {
    const name = attributes.name ?? 'deliver';
    return {
      logicalId: 'Deliver',
      name,
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      memoryMb: 256,
      timeoutSeconds: 30,
      environment: {},
      codeFolder: await this.folder(source),
      inlineCode: undefined,
      aliases: [],
      reservedConcurrency: undefined,
      deadLetterTargetArn: undefined,
      logFormat: 'JSON',
      logGroup: `/aws/lambda/${name}`,
      logLevel: undefined,
      asynchronous: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600, onFailureArn: undefined },
      ...attributes,
    };
  }

  lambda(functions: LambdaFunction[], options: Partial<LambdaOptions> = {}): Lambda {
    const lambda = createLambda({
      region: 'us-east-1',
      accountId: '000000000000',
      functions,
      environmentFor: (_lambdaFunction, processId) => ({ AWS_ACCESS_KEY_ID: `AKID${processId}` }),
      log: (line) => {
        this.lines.push(line);
        this.#changed();
      },
      sendToQueue: async (queueArn, message) => {
        this.sent.push({ queueArn, message });
        this.#changed();
      },
      ...options,
    });
    this.#closers.push(() => lambda.stop());
    return lambda;
  }

  /** The SDK in front of it, over loopback HTTP, without retries of its own. */
  async client(lambda: Lambda): Promise<LambdaClient> {
    const served = await serveAwsService({ lambda: lambda.service });
    this.#closers.push(() => served.close());
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new LambdaClient({ endpoint: served.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
    this.#closers.push(async () => client.destroy());
    return client;
  }

  /** A place where handlers wait (`await fetch(url)`) until the test lets them go. */
  async gate(): Promise<Gate> {
    const gate = await Gate.open(() => this.#changed());
    this.#closers.push(() => gate.close());
    return gate;
  }

  /** Resolves once the condition holds; looked at whenever a line, a message or a visitor of a gate arrives. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** In reverse order of making. */
  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).toReversed()) await closer();
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }
}

export class Gate {
  readonly url: string;
  /** Visitors that wait now. */
  waiting: ServerResponse[] = [];
  /** All that ever came. */
  arrived = 0;
  /** Visitors whose process hung up, or died, before they were let go. */
  lost = 0;
  readonly close: () => Promise<void>;

  static async open(onChange: () => void): Promise<Gate> {
    const server = createServer((_request, response) => {
      gate.arrived += 1;
      gate.waiting.push(response);
      response.on('close', () => {
        if (gate.waiting.includes(response)) gate.lost += 1;
        gate.waiting = gate.waiting.filter((other) => other !== response);
        onChange();
      });
      onChange();
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the gate has no port');
    const gate = new Gate(`http://127.0.0.1:${address.port}/`, async () => {
      server.closeAllConnections();
      server.close();
    });
    return gate;
  }

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.close = close;
  }

  letOneGo(): void {
    this.waiting.shift()?.end('go');
  }

  letAllGo(): void {
    for (const visitor of this.waiting.splice(0)) visitor.end('go');
  }
}

/** The answer of an invocation, parsed. */
export function parsed(payload: Uint8Array | undefined): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(payload ?? []).toString());
  if (typeof value !== 'object' || value === null) throw new Error(`not an object: ${String(value)}`);
  return { ...value };
}
