// Real: the child processes, the bootstrap, the Runtime API over loopback. Double: nothing.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LambdaFunction } from '../../local/aws/lambda/lambda-function.ts';
import { LambdaBench, parsed } from './lambda-world.ts';

let bench: LambdaBench;
beforeEach(() => {
  bench = new LambdaBench();
});
afterEach(() => bench.close());

async function answerOf(source: string, event: object = {}, attributes: Partial<LambdaFunction> = {}) {
  const lambda = bench.lambda([await bench.lambdaFunction(source, attributes)]);
  const result = await lambda.invoke('deliver', JSON.stringify(event));
  if (result.kind !== 'returned' && result.kind !== 'failed') throw new Error(result.kind);
  return { kind: result.kind, requestId: result.requestId, document: result.payload.toString() };
}

describe('what the handler gets and gives', () => {
  test('the event parsed, and its answer as JSON', async () => {
    const answer = await answerOf('export const handler = async (event) => ({ doubled: event.n * 2 });', { n: 21 });
    expect(answer).toMatchObject({ kind: 'returned', document: '{"doubled":42}' });
  });

  test('an answer of nothing becomes null', async () => {
    expect((await answerOf('export const handler = async () => {};')).document).toBe('null');
  });

  test('a context that names function, request and the time left', async () => {
    const source = `export const handler = async (event, context) =>
      ({ ...context, left: context.getRemainingTimeInMillis() });`;
    const { requestId, document } = await answerOf(source, {}, { timeoutSeconds: 7 });
    const context = parsed(Buffer.from(document));
    expect(context).toMatchObject({
      functionName: 'deliver',
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      awsRequestId: requestId,
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:deliver',
      logGroupName: '/aws/lambda/deliver',
    });
    expect(context['left']).toBeGreaterThan(5_000);
    expect(context['left']).toBeLessThanOrEqual(7_000);
  });

  test('a CommonJS bundle works like an ES module', async () => {
    const codeFolder = await bench.folder('exports.handler = async () => "common";', 'index.js');
    expect((await answerOf('', {}, { codeFolder })).document).toBe('"common"');
  });
});

describe('the environment of a process', () => {
  test("holds Lambda's variables, the template's and its own credentials, and nothing of the parent's", async () => {
    process.env['SECRET_OF_THE_PARENT'] = 'x';
    const lambdaFunction = await bench.lambdaFunction('export const handler = async () => process.env;', {
      environment: { WEBHOOK_DELIVERY_MAX_ATTEMPTS: '5' },
    });
    const lambda = bench.lambda([lambdaFunction], {
      environmentFor: (_lambdaFunction, processId) => ({ AWS_ACCESS_KEY_ID: processId }),
    });
    const result = await lambda.invoke('deliver', '{}');
    delete process.env['SECRET_OF_THE_PARENT'];
    const environment = parsed(result.kind === 'returned' ? result.payload : undefined);
    expect(environment['AWS_LAMBDA_LOG_STREAM_NAME']).toContain(`[$LATEST]${String(environment['AWS_ACCESS_KEY_ID'])}`);
    expect(environment['AWS_LAMBDA_RUNTIME_API']).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(Object.keys(environment).toSorted()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_DEFAULT_REGION',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'AWS_LAMBDA_INITIALIZATION_TYPE',
      'AWS_LAMBDA_LOG_FORMAT',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'AWS_LAMBDA_LOG_LEVEL',
      'AWS_LAMBDA_LOG_STREAM_NAME',
      'AWS_LAMBDA_RUNTIME_API',
      'AWS_REGION',
      'LAMBDA_RUNTIME_DIR',
      'LAMBDA_TASK_ROOT',
      'LANG',
      'NODE_PATH',
      'PATH',
      'TZ',
      'WEBHOOK_DELIVERY_MAX_ATTEMPTS',
      '_HANDLER',
      '_X_AMZN_TRACE_ID',
    ]);
  });

  test('the heap follows the memory of the function', async () => {
    const source = `import { getHeapStatistics } from 'node:v8';
      export const handler = async () => getHeapStatistics();`;
    const { document } = await answerOf(source, {}, { memoryMb: 200 });
    const limitMb = Number(parsed(Buffer.from(document))['heap_size_limit']) / 1024 / 1024;
    expect(limitMb).toBeGreaterThan(150);
    expect(limitMb).toBeLessThan(260);
  });
});

describe('a function that fails', () => {
  test('reports the name, message and trace of a thrown error', async () => {
    const source = `export const handler = async () => { throw Object.assign(new Error('no url'), { name: 'InvalidRequest' }); };`;
    const answer = await answerOf(source);
    expect(answer.kind).toBe('failed');
    const { trace, ...error } = parsed(Buffer.from(answer.document));
    expect(error).toEqual({ errorType: 'InvalidRequest', errorMessage: 'no url' });
    expect(trace).toEqual(expect.arrayContaining([expect.stringContaining('index.mjs')]));
  });

  test.each([
    ['a thrown string', `export const handler = async () => { throw 'words'; };`, 'string'],
    ['an answer JSON cannot hold', 'export const handler = async () => 1n;', 'Runtime.JSONStringifyError'],
    ['a missing export', 'export const other = 1;', 'Runtime.HandlerNotFound'],
    ['a handler that is no function', 'export const handler = 1;', 'Runtime.HandlerNotFound'],
    [
      'a callback handler',
      'export const handler = (event, context, callback) => callback();',
      'Runtime.CallbackHandlerDeprecated',
    ],
    ['a syntax error', 'export const handler = ;', 'Runtime.UserCodeSyntaxError'],
    ['a missing package', `import 'not-there'; export const handler = async () => 1;`, 'Runtime.ImportModuleError'],
    ['an error while it initialises', `throw new TypeError('no settings');`, 'TypeError'],
    ['an exit while it initialises', 'process.exit(4);', 'Runtime.ExitError'],
    ['an exit in the handler', 'export const handler = async () => process.exit(3);', 'Runtime.ExitError'],
    [
      'a lost rejection',
      `export const handler = async () => { void Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 5000)); };`,
      'Runtime.UnhandledPromiseRejection',
    ],
    [
      'an error outside any promise',
      `export const handler = () => new Promise(() => setImmediate(() => { throw new RangeError('out'); }));`,
      'RangeError',
    ],
    ['a promise that nothing can settle', 'export const handler = () => new Promise(() => {});', 'Runtime.NodeJsExit'],
    ['an answer over 6 MB', `export const handler = async () => 'x'.repeat(7e6);`, 'Function.ResponseSizeTooLarge'],
  ])('names %s', async (_fault, source, errorType) => {
    const answer = await answerOf(source);
    expect(answer.kind).toBe('failed');
    expect(parsed(Buffer.from(answer.document))['errorType']).toBe(errorType);
  });
});

describe('what a function writes', () => {
  const source = `export const handler = async () => {
    console.debug('too fine');
    console.log('sent %d', 3);
    console.warn(new TypeError('odd'));
    process.stdout.write('{"_aws":{}}\\n');
    process.stderr.write('without a line end');
    process.exit(0);
  };`;

  test('becomes JSON lines of level, request and message, while stdout itself is passed on untouched', async () => {
    const { requestId } = await answerOf(source);
    await bench.until(() => bench.lines.some(({ stream }) => stream === 'stderr'));
    const written = bench.lines.filter(({ stream }) => stream !== 'platform');
    const [first, second, third] = written.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
    expect(JSON.parse(first ?? '')).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'INFO',
      requestId,
      message: 'sent 3',
    });
    expect(JSON.parse(second ?? '')).toMatchObject({
      level: 'WARN',
      message: { errorType: 'TypeError', errorMessage: 'odd' },
    });
    expect(third).toBe('{"_aws":{}}');
    expect(written.find(({ stream }) => stream === 'stderr')).toMatchObject({ text: 'without a line end', requestId });
  });

  test('is tab-separated text, one line an event, when the function asks for no JSON', async () => {
    const { requestId } = await answerOf(
      `export const handler = async () => console.info('a\\nb');`,
      {},
      { logFormat: 'Text' },
    );
    await bench.until(() => bench.lines.length > 0);
    const [time, ...rest] = bench.lines[0]?.text.split('\t') ?? [];
    expect(time).toMatch(/^\d{4}-.*Z$/);
    expect(rest).toEqual([requestId, 'INFO', 'a\rb']);
  });
});
