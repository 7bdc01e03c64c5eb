import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AwsRequest } from '../../local/aws/aws-service.ts';
import { serveAwsService } from '../local/serve-aws-service.ts';
import { type Circumstances, type Said, surehook } from './cli-world.ts';

type Request = Readonly<Record<string, unknown>>;
/** What a function answers; an error is what it throws. */
type Script = (request: Request) => unknown;

/** A local stack whose functions answer as the test says, behind the real SDK, and what they were asked. */
export class ScriptedStack {
  readonly asked: { role: string; request: Request }[] = [];
  readonly dataDir = mkdtempSync(join(tmpdir(), 'surehook-cli-'));

  /** @param settings by which its enqueue judges requests */
  static async open(
    functions: Readonly<Record<string, Script>>,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<ScriptedStack> {
    const stack = new ScriptedStack();
    const { endpoint, close } = await serveAwsService({ lambda: async (request) => stack.#answer(request, functions) });
    onTestFinished(async () => {
      await close();
      rmSync(stack.dataDir, { recursive: true });
    });
    const names = Object.fromEntries(Object.keys(functions).map((role) => [role, role]));
    const endpoints = {
      aws: endpoint,
      console: `${endpoint}/`,
      region: 'us-east-1',
      pid: process.pid,
      functions: names,
      settings,
    };
    writeFileSync(join(stack.dataDir, 'endpoints.json'), JSON.stringify(endpoints));
    return stack;
  }

  run(args: readonly string[], circumstances: Circumstances = {}): Promise<Said> {
    return surehook([...args, '--data-dir', this.dataDir], circumstances);
  }

  async #answer({ path, body }: AwsRequest, functions: Readonly<Record<string, Script>>) {
    const role = /functions\/([^/]+)\//.exec(path)?.[1] ?? '';
    const request = JSON.parse(body.toString()) as Request;
    this.asked.push({ role, request });
    const answer = functions[role]?.(request);
    const json = { 'content-type': 'application/json' };
    if (!(answer instanceof Error)) return { status: 200, headers: json, body: JSON.stringify(answer) };
    const headers = { ...json, 'x-amz-function-error': 'Unhandled' };
    return { status: 200, headers, body: JSON.stringify({ errorType: answer.name, errorMessage: answer.message }) };
  }
}

/** What a function throws. */
export function refusal(errorType: string, errorMessage: string): Error {
  return Object.assign(new Error(errorMessage), { name: errorType });
}
