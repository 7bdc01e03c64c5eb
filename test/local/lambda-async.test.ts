// Real: the queue of asynchronous events, and in the last tests the whole Lambda with its processes. Double: the clock,
// and the function where what it answers is the matter.
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AsyncEvents, type AsyncEvent, type GivenUp } from '../../local/aws/lambda/async-events.ts';
import { deadLetter, failureRecord } from '../../local/aws/lambda/given-up-event.ts';
import { faultResult, type InvocationResult } from '../../local/aws/lambda/invocation.ts';
import type { LambdaFunction } from '../../local/aws/lambda/lambda-function.ts';
import { ManualTimers } from '../support/time/manual-timers.ts';
import { LambdaBench } from './lambda-world.ts';

const EVENT: AsyncEvent = { requestId: 'r-1', traceId: 'Root=1-0-0', payload: Buffer.from('{ "n": 1.0 }') };
const RETURNED: InvocationResult = { kind: 'returned', requestId: 'r-1', payload: Buffer.from('null') };
const FAILED = faultResult('r-1', { errorType: 'TypeError', errorMessage: 'no' });
const THROTTLED: InvocationResult = { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' };

let bench: LambdaBench;
let timers: ManualTimers;
/** Seconds since the start at which an attempt was made. */
let attemptedAt: number[];
let givenUp: GivenUp[];
beforeEach(() => {
  bench = new LambdaBench();
  timers = new ManualTimers();
  attemptedAt = [];
  givenUp = [];
});
afterEach(() => bench.close());

type Trial = { answers: InvocationResult[]; settings?: Partial<LambdaFunction['asynchronous']>; concurrency?: number };

/** Events of a function whose attempts end as `answers` says, the last for all that follow. */
async function eventsOf({ answers, settings = {}, concurrency = 10 }: Trial): Promise<AsyncEvents> {
  const asynchronous = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600, onFailureArn: undefined };
  const startMs = timers.nowMs();
  return new AsyncEvents({
    lambdaFunction: await bench.lambdaFunction('', { asynchronous: { ...asynchronous, ...settings } }),
    timers,
    concurrency: () => concurrency,
    invoke: async () => {
      attemptedAt.push((timers.nowMs() - startMs) / 1000);
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? RETURNED;
    },
    giveUp: (given) => void givenUp.push(given),
  });
}

describe('an event', () => {
  test('that succeeds is run once', async () => {
    (await eventsOf({ answers: [RETURNED] })).accept(EVENT);
    await timers.advance(86_400_000);
    expect(attemptedAt).toEqual([0]);
    expect(givenUp).toEqual([]);
  });

  test('that fails is tried again after one minute and two minutes more, then given up', async () => {
    (await eventsOf({ answers: [FAILED] })).accept(EVENT);
    await timers.advance(86_400_000);
    expect(attemptedAt).toEqual([0, 60, 180]);
    expect(givenUp).toMatchObject([{ condition: 'RetriesExhausted', attempts: 3, event: EVENT }]);
  });

  test('is tried as often as its function is configured', async () => {
    (await eventsOf({ answers: [FAILED], settings: { maximumRetryAttempts: 0 } })).accept(EVENT);
    await timers.advance(86_400_000);
    expect(attemptedAt).toEqual([0]);
    expect(givenUp).toMatchObject([{ condition: 'RetriesExhausted', attempts: 1 }]);
  });

  test('that would be too old for its next attempt is given up', async () => {
    (await eventsOf({ answers: [FAILED], settings: { maximumEventAgeSeconds: 150 } })).accept(EVENT);
    await timers.advance(86_400_000);
    expect(attemptedAt).toEqual([0, 60]);
    expect(givenUp).toMatchObject([{ condition: 'EventAgeExceeded', attempts: 2 }]);
  });

  test('that is throttled is tried again ever more slowly, for hours, and no attempt is counted', async () => {
    (await eventsOf({ answers: [THROTTLED] })).accept(EVENT);
    await timers.advance(86_400_000);
    expect(attemptedAt.slice(0, 12)).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]);
    expect(attemptedAt.at(-1)).toBeGreaterThan(6 * 3600 - 300);
    expect(givenUp).toMatchObject([{ condition: 'EventAgeExceeded', attempts: 0 }]);
  });

  test('for a function reserved to nothing is given up without a retry', async () => {
    (await eventsOf({ answers: [THROTTLED], concurrency: 0 })).accept(EVENT);
    await timers.advance(86_400_000);
    expect(givenUp).toHaveLength(1);
    expect(attemptedAt).toEqual([0]);
  });
});

describe('what is sent on of an event given up', () => {
  const given: GivenUp = { event: EVENT, condition: 'RetriesExhausted', attempts: 3, last: FAILED };

  test('is for a dead-letter queue the event, byte for byte, with the error as attributes', () => {
    expect(deadLetter(given)).toEqual({
      body: '{ "n": 1.0 }',
      attributes: new Map([
        ['RequestID', { dataType: 'String', value: 'r-1' }],
        ['ErrorCode', { dataType: 'Number', value: '200' }],
        ['ErrorMessage', { dataType: 'String', value: 'no' }],
      ]),
    });
  });

  test('has its message cut to 1 KB of whole characters that SQS takes', () => {
    const last = faultResult('r-1', { errorType: 'Error', errorMessage: `\u0000${'é'.repeat(600)}` });
    // A space and 511 characters of two bytes are 1023; half of another does not fit.
    expect(deadLetter({ ...given, last }).attributes?.get('ErrorMessage')?.value).toBe(` ${'é'.repeat(511)}`);
  });

  test('has no empty attribute, which SQS refuses', () => {
    const last = faultResult('r-1', { errorType: 'Error', errorMessage: '' });
    expect(deadLetter({ ...given, last }).attributes?.has('ErrorMessage')).toBe(false);
  });

  test('is for a destination the record of the invocation', async () => {
    const { body } = failureRecord(given, await bench.lambdaFunction(''), Date.parse('2026-11-23T12:03:00.000Z'));
    expect(JSON.parse(body)).toEqual({
      version: '1.0',
      timestamp: '2026-11-23T12:03:00.000Z',
      requestContext: {
        requestId: 'r-1',
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:deliver:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'TypeError', errorMessage: 'no' },
    });
  });
});

describe('an Event invoke', () => {
  test('is accepted at once and runs under the request id of the answer', async () => {
    const lambda = bench.lambda([
      await bench.lambdaFunction(
        `export const handler = async (event, { awsRequestId }) => void process.stdout.write(awsRequestId + '\\n');`,
      ),
    ]);
    const client = await bench.client(lambda);
    const command = new InvokeCommand({ FunctionName: 'deliver', InvocationType: 'Event', Payload: '{}' });
    const answer = await client.send(command);
    expect(answer.StatusCode).toBe(202);
    await bench.until(() => bench.lines.length === 1);
    expect(bench.lines[0]?.text).toBe(answer.$metadata.requestId);
  });

  test('that fails for good reaches the dead-letter queue and the destination', async () => {
    const [deadLetters, failures] = ['dead-letters', 'failures'].map(
      (name) => `arn:aws:sqs:us-east-1:000000000000:${name}`,
    );
    const lambda = bench.lambda([
      await bench.lambdaFunction(`export const handler = async () => { throw new Error('never'); };`, {
        deadLetterTargetArn: deadLetters,
        asynchronous: { maximumRetryAttempts: 0, maximumEventAgeSeconds: 21_600, onFailureArn: failures },
      }),
    ]);
    lambda.invokeEvent('deliver', '{"a":1}');
    await bench.until(() => bench.sent.length === 2);
    expect(bench.sent[0]).toMatchObject({ queueArn: deadLetters, message: { body: '{"a":1}' } });
    expect(bench.sent[1]?.queueArn).toBe(failures);
  });

  test('waits in line while as many run as the function may', async () => {
    const gate = await bench.gate();
    const source = `export const handler = async (event) => { await fetch(event.gate); };`;
    const lambda = bench.lambda([await bench.lambdaFunction(source, { reservedConcurrency: 2 })]);
    for (let n = 0; n < 5; n++) lambda.invokeEvent('deliver', JSON.stringify({ gate: gate.url }));
    await bench.until(() => gate.waiting.length === 2);
    for (let arrived = 3; arrived <= 5; arrived++) {
      gate.letOneGo();
      await bench.until(() => gate.arrived === arrived);
      expect(gate.waiting.length).toBeLessThanOrEqual(2);
    }
  });
});
