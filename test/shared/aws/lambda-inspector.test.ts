// What the widget is told when inspect cannot be asked. Real: the SDK's client with its tries, over loopback. Doubles: Lambda, which
// answers as the test says, and the clock. No message of an answer may be shown: nobody says what it holds.
import { afterEach, expect, test, vi } from 'vitest';
import { createWaitingLambdaClient } from '../../../shared/aws/clients.ts';
import { createLambdaInspector } from '../../../shared/aws/lambda-inspector.ts';
import { serveAwsService } from '../../local/serve-aws-service.ts';
import { stubEnvironment } from '../../support/stack/platform-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

type Answer = { status: number; headers: Record<string, string>; body: string };

let close: (() => Promise<void>) | undefined;
afterEach(() => {
  vi.unstubAllEnvs();
  return close?.();
});

async function inspector(answer: () => Answer | Promise<Answer>, clock = new TurnedClock()) {
  const served = await serveAwsService({ lambda: async () => answer() });
  ({ close } = served);
  stubEnvironment({
    AWS_ENDPOINT_URL: served.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
  });
  return createLambdaInspector(createWaitingLambdaClient(), 'inspect', clock);
}

const failing = (status: number, type: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
  body: JSON.stringify({ Message: 'secret' }),
});
const threw = (errorType: unknown): Answer => ({
  status: 200,
  headers: { 'x-amz-function-error': 'Unhandled' },
  body: JSON.stringify({ errorType, errorMessage: 'secret' }),
});

test.each<[what: string, answer: Answer, because: RegExp]>([
  ['throttled', failing(429, 'TooManyRequestsException'), /no concurrency left/],
  ['denied', failing(403, 'AccessDeniedException'), /may not invoke inspect/],
  ['missing', failing(404, 'ResourceNotFoundException'), /did not answer \(ResourceNotFoundException\)/],
  ['failed', threw('StoreUnavailable'), /inspect failed \(StoreUnavailable\): see its log/],
  ['failed with markup for a name', threw('<script>'), /inspect failed \(script\)/],
  ['failed without a name', threw({}), /inspect failed \(no answer\)/],
  ['answered with no JSON', { status: 200, headers: {}, body: 'hello' }, /inspect failed \(no answer\)/],
])('inspect %s: a sentence says so', async (_what, answer, because) => {
  const asked = await (await inspector(() => answer)).ask({ action: 'backlog' });
  expect(asked).toEqual({ ok: false, because: expect.stringMatching(because) });
  expect(JSON.stringify(asked)).not.toMatch(/secret|</);
});

test('what inspect answers is told as it is', async () => {
  const asked = await (
    await inspector(() => ({ status: 200, headers: {}, body: '{"due":1}' }))
  ).ask({ action: 'backlog' });
  expect(asked).toEqual({ ok: true, answer: { due: 1 } });
});

test('an inspect that hangs is given up before the widget is', async () => {
  const clock = new TurnedClock();
  const asking = (await inspector(() => new Promise<Answer>(() => undefined), clock)).ask({ action: 'backlog' });
  await clock.timerSet(45_000);
  await clock.turn(45_000);
  expect(await asking).toEqual({ ok: false, because: 'inspect did not answer (NoAnswer).' });
});
