import { LambdaClient } from '@aws-sdk/client-lambda';
import type { AwsRequest, AwsResponse } from '../../local/aws/aws-service.ts';
import { serveAwsService } from '../local/serve-aws-service.ts';

/** What a function answers to one invoke. */
export type Scripted =
  | { answer: unknown }
  | { fails: { errorType: string; errorMessage: string } }
  | { status: number };

/** A function behind the real SDK, which answers as the test says and remembers what it was asked. */
export class ScriptedFunction {
  readonly asked: unknown[] = [];
  readonly waited: number[] = [];
  readonly client: LambdaClient;
  readonly #close: () => Promise<void>;

  private constructor(endpoint: string, close: () => Promise<void>) {
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    // Its own repetitions wait in real time.
    this.client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
    this.#close = close;
  }

  static async open(script: Scripted[]): Promise<ScriptedFunction> {
    const opened: { world?: ScriptedFunction } = {};
    const { endpoint, close } = await serveAwsService({
      lambda: async (request: AwsRequest) => {
        opened.world?.asked.push(JSON.parse(request.body.toString()));
        return responseOf(script.shift() ?? { status: 500 });
      },
    });
    return (opened.world = new ScriptedFunction(endpoint, close));
  }

  /** Time between two tries: only written down. */
  get waiting(): { random: () => number; wait: (ms: number) => Promise<void> } {
    return { random: () => 0, wait: async (ms) => void this.waited.push(ms) };
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.#close();
  }
}

function responseOf(scripted: Scripted): AwsResponse {
  const headers = { 'content-type': 'application/json' };
  if ('status' in scripted) {
    const errorType = scripted.status === 429 ? 'TooManyRequestsException' : 'ResourceNotFoundException';
    return {
      status: scripted.status,
      headers: { ...headers, 'x-amzn-errortype': errorType },
      body: '{"message":"no"}',
    };
  }
  if ('fails' in scripted) {
    return {
      status: 200,
      headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
      body: JSON.stringify(scripted.fails),
    };
  }
  return { status: 200, headers, body: JSON.stringify(scripted.answer) };
}
