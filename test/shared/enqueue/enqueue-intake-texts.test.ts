// Real: enqueue from the intake queue, with its parsing, and the digest. Doubles: the store, in memory and held to the contract of
// the real one; the queues, which record; the clock, which stands still. What must never be asserted: that a reason repeats the text.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { enqueueFromIntake } from '../../../shared/enqueue/enqueue-from-intake.ts';
import { EnqueueBench, request } from './enqueue-deliveries-world.ts';

let bench: EnqueueBench;

/** What the store was asked to keep last, and whether the row that it answered came of the very same request. */
let kept: { body: string; isSameRequest: boolean } | undefined;

beforeEach(() => void open());

function open(): void {
  bench = new EnqueueBench();
  const { store } = bench.rows;
  kept = undefined;
  bench.parts.store = {
    acceptDeliveries: async (deliveries, ...more) => {
      const answers = await store.acceptDeliveries(deliveries, ...more);
      const [delivery, answer] = [deliveries[0], answers[0]];
      if (delivery === undefined || answer?.kind !== 'stored') throw new Error('not stored');
      kept = { body: delivery.body, isSameRequest: answer.requestDigest === delivery.requestDigest };
      return answers;
    },
  };
}

/** Enqueues one message with this text, and answers what became of it: the stored body, or the reason of its refusal. */
async function enqueue(body: string): Promise<{ stored: string | undefined; reason: string | undefined }> {
  const message = { messageId: 'm-0', receiptHandle: 'handle-0', body, sentAtMs: bench.clock.nowMs(), receives: 1 };
  await enqueueFromIntake([message], bench.parts, bench.limit);
  return { stored: kept?.body, reason: bench.rejected.at(-1)?.errorMessage };
}

const textOf = (changes: Record<string, unknown>): string => JSON.stringify(request(changes));
/** The text of a request whose payload is written as it is here. */
const withPayload = (payload: string): string => textOf({ payload: 'PAYLOAD' }).replace('"PAYLOAD"', payload);

describe('a number of the queue', () => {
  test.each([
    '1.10',
    '-0',
    '123456789012345.123456',
    '1e-400',
    '12345678901234567890',
    '17841405309211844',
    '1E5',
    '1e400',
  ])('is sent with the digits it came with: %s', async (number) => {
    expect(await enqueue(withPayload(`{"a":[${number}],"b":${number}}`))).toEqual({
      stored: `{"a":[${number}],"b":${number}}`,
      reason: undefined,
    });
  });

  test('keeps its digits in a template and where a placeholder renders it', async () => {
    const fields = { payload: undefined, payload_template: 'TEMPLATE', render_context: 'CONTEXT' };
    const text = textOf(fields)
      .replace(
        '"TEMPLATE"',
        '{"n":1.10,"id":"{{id}}","all":"{{deep}}","inside":"{{id.source}}","call_disposition":0e0}',
      )
      .replace('"CONTEXT"', '{"id":17841405309211844,"deep":{"x":[1.50,-0]},"unused":1e999}');
    expect((await enqueue(text)).stored).toBe(
      '{"n":1.10,"id":"17841405309211844","all":"{\\"x\\":[1.50,-0]}","inside":"","call_disposition":0e0}',
    );
  });

  test('is any number, whatever text surrounds it', async () => {
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.constantFrom('', '.0', '.10', '.123456789012345678'),
        fc.constantFrom('', 'e5', 'E-7', 'e+400'),
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(number, fc.string({ unit: 'binary' }), async (written, text) => {
        open();
        const payload = `[${written},${JSON.stringify(`${text}"\\ 1.10`)}]`;
        expect((await enqueue(withPayload(payload))).stored).toBe(payload);
      }),
      { numRuns: 50 },
    );
  });

  test('that is an id or a count is read as the number it is', async () => {
    const text = textOf({ max_attempts: 'ATTEMPTS', payload: 1 })
      .replace('9001', '9.001e3')
      .replace('"ATTEMPTS"', '7.0');
    expect(await enqueue(text)).toEqual({ stored: '1', reason: undefined });
    expect((await enqueue(textOf({}).replace('9001', '9007199254740993'))).reason).toBe(
      'workflow_run_id: must be an integer from 1 to 2^53-1',
    );
  });

  test.each([
    ['7.0', 'the request must be a JSON object'],
    ['{"deliveries":1.10}', 'deliveries: must be a list of 1 to 100 deliveries'],
    ['{"deliveries":[1.10]}', 'deliveries[0]: must be a JSON object'],
    [
      textOf({ payload: undefined, payload_template: '', render_context: 'N' }),
      'render_context: must be a JSON object',
    ],
    [textOf({ custom_headers: ['N'] }), 'custom_headers[0]: must be an object {"key", "value"}'],
    [textOf({ custom_headers: [{ key: 'X-A', value: 'N' }] }), 'custom_headers[0].value: must be a string'],
    [textOf({ endpoint_url: 'N' }), 'endpoint_url: must be a string'],
    [textOf({ enabled: 'N' }), 'enabled: must be true or false'],
    [textOf({ max_attempts: 'N' }), 'max_attempts: must be an integer from 1 to 50'],
    [`{"deliveries":[${textOf({})}],"render_context":1.10}`, 'render_context: must be a JSON object'],
  ])('is no object, wherever it stands: %s', async (text, reason) => {
    expect((await enqueue(text.replace('"N"', '1.10'))).reason).toBe(reason);
  });

  test('makes the same request however it is spelled, and another one by its last digit', async () => {
    const areOne = async (first: string, second: string) => {
      open();
      await enqueue(withPayload(first));
      await enqueue(withPayload(second));
      return kept?.isSameRequest;
    };
    expect(await areOne('1.10', '1.1')).toBe(true);
    expect(await areOne('100', '1e2')).toBe(true);
    expect(await areOne('-0', '0.0')).toBe(true);
    expect(await areOne('0.30000000000000004', '3.0000000000000004e-1')).toBe(true);
    expect(await areOne('17841405309211844', '17841405309211845')).toBe(false);
    expect(await areOne('1e400', '1e401')).toBe(false);
    expect(await areOne('[1.10]', '["1.10"]')).toBe(false);
  });

  test('of a million digits with zeros between them is read in linear time', async () => {
    const number = `1${'0'.repeat(200_000)}1.5`;
    expect((await enqueue(withPayload(number))).stored).toBe(number);
  });
});

describe('the text of a message', () => {
  test('may begin with a byte order mark', async () => {
    expect((await enqueue(`\ufeff${textOf({ payload: 1 })}`)).stored).toBe('1');
  });

  test.each([
    ['encoded twice', JSON.stringify(textOf({})), 'the request is encoded as JSON twice: send the object itself'],
    [
      'encoded thrice',
      JSON.stringify(JSON.stringify(textOf({}))),
      'the request is encoded as JSON twice: send the object itself',
    ],
    ['in base64', Buffer.from(textOf({})).toString('base64'), 'the message is JSON in base64: send the object itself'],
    [
      'in base64 with line ends',
      `${(
        Buffer.from(textOf({}))
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\r\n')}\n`,
      'the message is JSON in base64: send the object itself',
    ],
    [
      'in url-safe base64',
      Buffer.from(textOf({})).toString('base64url'),
      'the message is JSON in base64: send the object itself',
    ],
    [
      'a string of base64',
      JSON.stringify(Buffer.from(textOf({})).toString('base64')),
      'the request is a string of JSON in base64: send the object itself',
    ],
    ['a string', '"canary"', 'the request must be a JSON object'],
    ['a list', '[{}]', 'the request must be a JSON object'],
    ['blank', ' \n', 'the message is empty'],
  ])('that is %s says what it is', async (_what, text, reason) => {
    expect(await enqueue(text)).toEqual({ stored: undefined, reason });
  });

  test.each([
    ['{"a":NaN}', 'NaN, which JSON does not know, at line 1, column 6'],
    ['{"a":-Infinity}', '-Infinity, which JSON does not know, at line 1, column 6'],
    ['{"a":None}', 'None, which JSON does not know, at line 1, column 6'],
    ['{"a":True}', 'True, which JSON does not know, at line 1, column 6'],
    ['{"a":undefined}', 'undefined, which JSON does not know, at line 1, column 6'],
    ['{\n  "é": 1,\n}', 'a comma too many at line 2, column 9'],
    ['[1,2, ]', 'a comma too many at line 1, column 5'],
    ['{"a":[1,,2]}', 'a comma too many at line 1, column 9'],
    ['[,1]', 'a comma too many at line 1, column 2'],
    ['{"a":1 "b":2}', 'no comma at line 1, column 8'],
    ['{"a" 1}', 'no colon behind a name at line 1, column 6'],
    ['{"a":}', 'no value at line 1, column 6'],
    ["{'a':1}", 'single quotes, where JSON has double ones, at line 1, column 2'],
    ['{a:1}', 'a name without double quotes at line 1, column 2'],
    ['{"a":1', 'the text ends too early at line 1, column 7'],
    ['{"a":', 'the text ends too early at line 1, column 6'],
    ['{', 'the text ends too early at line 1, column 2'],
    ['{"a":1}}', 'more text behind the end at line 1, column 8'],
    ['{"a":1]', 'no comma at line 1, column 7'],
    ['{"a":01}', 'something that is no value of JSON at line 1, column 6'],
    ['{"a":.5}', 'something that is no value of JSON at line 1, column 6'],
    ['{"a":1.}', 'something that is no value of JSON at line 1, column 6'],
    ['{"a":"x\ny"}', 'a string without end, with a raw line end or an unknown escape at line 1, column 6'],
    ['{"a":"\\x"}', 'a string without end, with a raw line end or an unknown escape at line 1, column 6'],
    ['{"a":1} // canary', 'more text behind the end at line 1, column 9'],
    ['{ // canary\n}', 'a comment, which JSON does not know, at line 1, column 3'],
    ['nullx', 'something that is no value of JSON at line 1, column 1'],
  ])('that is no JSON says where: %j', async (text, reason) => {
    expect((await enqueue(text)).reason).toBe(`the message is not JSON: ${reason}`);
  });

  test('that is no JSON is told at a place within it, whatever it is', async () => {
    const texts = fc.oneof(
      fc.string(),
      fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '\\', '{', ']', '1')).map(([json, at, sign]) => {
        const place = at % (json.length + 1);
        return `${json.slice(0, place)}${sign}${json.slice(place + 1)}`;
      }),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        fc.pre(!isJson(text) && text.trim() !== '');
        open();
        expect((await enqueue(text)).reason).toMatch(
          /^the message is (?:not JSON: .+ at line \d+, column \d+|JSON in base64: .*)$/,
        );
      }),
    );
  });

  test.each([
    ['opened a million times', '['.repeat(1_000_000)],
    ['one long string without end', `"${'\\"'.repeat(500_000)}`],
    ['a word before a million blanks', `aaaaaaaa${' '.repeat(1_000_000)}{`],
    ['a million digits and a dot', `${'1'.repeat(1_000_000)}.`],
  ])('that is %s is read in linear time and without a stack', async (_what, text) => {
    expect((await enqueue(text)).reason).toMatch(/^the message is not JSON: /);
  });

  test('with a number of its own digits below thousands of levels is refused as a whole', async () => {
    const deep = `${'['.repeat(50_000)}1.10${']'.repeat(50_000)}`;
    expect((await enqueue(withPayload(deep))).reason).toBe('the message is nested deeper than 512 levels');
    expect((await enqueue(withPayload(deep.replace('1.10', '1')))).reason).toBe(
      'payload: is nested deeper than 512 levels',
    );
  });
});

describe('a refusal', () => {
  test('leaves a log line with its reason and nothing of the text, even where the message could not be moved', async () => {
    const text = '{"webhook_node_id":"CANARY","http_method":"CANARY"}';
    bench.loses = () => true;
    await enqueue(text);
    expect(bench.lines).toEqual([
      {
        level: 'info',
        event: 'intake_refused',
        fields: {
          message_id: 'm-0',
          error_type: 'InvalidRequest',
          error_message: expect.stringMatching(/^workflow_run_id: is required; .*http_method: must be one of/),
          bytes: text.length,
        },
      },
    ]);
    expect(JSON.stringify(bench.lines)).not.toContain('CANARY');
  });

  test('leaves a log line of bounded length, however many items the message holds', async () => {
    const { reason } = await enqueue(JSON.stringify({ deliveries: Array.from({ length: 100 }, () => ({ x: 1 })) }));
    expect(reason?.length).toBeGreaterThan(10_000);
    expect(JSON.stringify(bench.lines).length).toBeLessThan(8000);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
