// Real: functions in processes, once with the twin's bootstrap and once with AWS' own runtime client. No doubles. Their
// answers and what they log must be the same; times, request ids and stack traces are left out.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Lambda } from '../../local/aws/lambda/service.ts';
import { LambdaBench } from '../local/lambda-world.ts';

const CLIENT = join(resolve(process.env['AWS_LAMBDA_RIC'] ?? 'node_modules/aws-lambda-ric'), 'index.mjs');

beforeAll(() => {
  if (existsSync(CLIENT)) return;
  throw new Error(
    `${CLIENT} is not there: npm install --no-save --ignore-scripts=false aws-lambda-ric@4.0.2 in a folder of its own (it needs g++ and cmake), and name the package's folder with AWS_LAMBDA_RIC=…`,
  );
});

/** The handlers of a module, and what they are asked. */
const TRIALS: [what: string, source: string, payload?: string][] = [
  ['an answer', 'export const handler = async (event) => ({ got: event });', '{"a":[1,"ü",null]}'],
  ['no answer', 'export const handler = async () => {};'],
  ['an answer that is a text', 'export const handler = async () => "text";'],
  ['a handler that does not wait', 'export const handler = () => 7;'],
  ['an answer that cannot be written', 'export const handler = async () => 1n;'],
  ['an error', 'export const handler = async () => { throw new TypeError("odd"); };'],
  [
    'an error of a class that is called otherwise',
    `class Pl extends Error { static name = "PayloadTooLarge"; name = "PayloadTooLarge"; code = "too_large"; }
    export const handler = async () => { throw new Pl("large"); };`,
  ],
  [
    'an error of a shortened class',
    `class Pl extends Error { name = "PayloadTooLarge"; }
    export const handler = async () => { throw new Pl("large"); };`,
  ],
  [
    'an error whose field says its type',
    `class Pl extends Error { name = "InvalidRequest"; errorType = "InvalidRequest"; }
    export const handler = async () => { throw new Pl("wrong"); };`,
  ],
  ['what is thrown and no error', 'export const handler = async () => { throw "text"; };'],
  ['a log', 'export const handler = async () => { console.log("one", { two: 2 }); console.warn("%s!", "three"); };'],
  [
    'a logged error',
    'export const handler = async () => { console.error("it", new RangeError("far")); console.error(new RangeError("alone")); };',
  ],
  ['a logged object', 'export const handler = async () => { console.info({ event: "x", n: 1 }); };'],
  [
    'a level that is not wanted',
    'export const handler = async () => { console.debug("quiet"); console.info("loud"); };',
  ],
  ['a module without the handler', 'export const other = 1;'],
  ['a handler that is no function', 'export const handler = 1;'],
  ['a module that throws', 'throw new Error("at the start"); export const handler = 1;'],
  ['a module that is none', 'export const handler = ;'],
];

type Seen = { result: object; logged: object[] };

async function seenWith(
  bootstrapFile: string | undefined,
  { source, payload = '{}' }: { source: string; payload?: string },
): Promise<Seen> {
  const own = new LambdaBench();
  try {
    const lambdaFunction = await own.lambdaFunction(source);
    const lambda = own.lambda([lambdaFunction], bootstrapFile === undefined ? {} : { bootstrapFile });
    const result = await lambda.invoke(lambdaFunction.name, payload);
    const written = own.lines.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
    return { result: comparable(result), logged: written.map(withoutTimes) };
  } finally {
    await own.close();
  }
}

function comparable(result: Awaited<ReturnType<Lambda['invoke']>>): object {
  if (result.kind === 'returned') return { kind: result.kind, payload: result.payload.toString() };
  if (result.kind === 'failed')
    return { kind: result.kind, errorType: result.errorType, errorMessage: result.errorMessage };
  return { kind: result.kind };
}

function withoutTimes(line: string): object {
  return JSON.parse(line, (name, value: unknown) => {
    if (name === 'timestamp' || name === 'requestId' || name === 'stackTrace') return undefined;
    return typeof value === 'string' ? value.replaceAll(/\s+at .*/g, '') : value;
  }) as object;
}

describe('the twin answers and logs as the client does', () => {
  test.each(TRIALS)('%s', async (_what, source, payload) => {
    const asked = { source, ...(payload !== undefined && { payload }) };
    expect(await seenWith(undefined, asked)).toEqual(await seenWith(CLIENT, asked));
  });
});
