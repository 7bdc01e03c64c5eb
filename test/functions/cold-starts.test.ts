// The first event of a process. Real: the handlers, and an environment as the template gives it to each function. No AWS:
// whatever gets so far is refused on loopback.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { coldStart, deployedEnvironment } from '../support/stack/cold-start.ts';
import { contextOf, sqsEvent, stubEnvironment } from '../support/stack/platform-world.ts';
import { UNSAFE_OPTIONS, UNSAFE_VARIABLES } from '../../shared/runtime/unsafe-environment.ts';
import { FUNCTIONS, templateOf } from '../support/stack/synthesized-stack.ts';

afterEach(() => vi.unstubAllEnvs());

const template = templateOf();

/** Where Node obeys certain texts alone. */
const DANGEROUS: Readonly<Record<string, string>> = { NODE_USE_SYSTEM_CA: '1', NODE_TLS_REJECT_UNAUTHORIZED: '0' };

/** Each variable, and each switch of NODE_OPTIONS, with a text that does what is feared of it. */
const UNSAFE: (readonly [name: string, text: string, fault: string])[] = [
  ...UNSAFE_VARIABLES.map(({ name, does }) => [name, DANGEROUS[name] ?? 'canary', `${name} ${does}`] as const),
  ...UNSAFE_OPTIONS.map(
    ({ option, does }) =>
      ['NODE_OPTIONS', `--enable-source-maps ${option}canary`, `${option} in NODE_OPTIONS ${does}`] as const,
  ),
];

describe.each(FUNCTIONS)('%s', (id) => {
  const environment = deployedEnvironment(template, id);
  const names = Object.keys(environment);
  /** Their empty text says that there are none. */
  const mayBeEmpty = new Set([
    'ALONGSIDE_TABLE',
    'DATABASE_MOVED_FROM',
    'EGRESS_ALLOW_CIDRS',
    'MARKER_QUEUE_URL',
    'OUTPUT_PREFIX',
    'WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS',
    'WEBHOOK_DELIVERY_RETRY_STATUSES',
    'WEBHOOK_ENDPOINT_MAX_IN_FLIGHT',
    'WEBHOOK_ENDPOINT_MAX_PER_SECOND',
  ]);

  test.each(names)('does not start without %s, and says so', async (name) => {
    const { [name]: _taken, ...others } = environment;
    const { failure } = await coldStart(id, others);
    expect(failure?.message).toBe(`malformed settings: ${name} is missing`);
  });

  test.each(names.filter((name) => !mayBeEmpty.has(name)))('takes an empty %s for a missing one', async (name) => {
    const { failure } = await coldStart(id, { ...environment, [name]: ' ' });
    expect(failure?.message).toBe(`malformed settings: ${name} is missing`);
  });

  test('names every setting that is missing, in one error', async () => {
    const { failure } = await coldStart(id, {});
    expect(failure?.message.split(/malformed settings: |; /).toSorted()).toEqual(
      ['', ...names.map((name) => `${name} is missing`)].toSorted(),
    );
  });

  test.each(UNSAFE)('does not start with %s, and says so without its value', async (name, text, fault) => {
    const { failure } = await coldStart(id, { ...environment, [name]: text });
    expect(failure?.name).toBe('UnsafeEnvironment');
    expect(failure?.message).toBe(`unsafe environment: ${fault}`);
  });

  test('names every variable it does not work with, before any setting', async () => {
    const { failure } = await coldStart(id, Object.fromEntries(UNSAFE.map(([name, text]) => [name, text])));
    for (const [name] of UNSAFE) expect(failure?.message).toContain(name);
    expect(failure?.message).not.toContain('DATABASE_NAME');
  });

  test('starts with what its template gives it', async () => {
    const { failure } = await coldStart(id, environment);
    expect(failure?.name).not.toBe('MalformedSettings');
  });
});

test('deliver names both times when its attempt does not fit its function, and recovers once it does', async () => {
  vi.resetModules();
  stubEnvironment(deployedEnvironment(template, 'Deliver'));
  vi.stubEnv('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', '50');
  const { handler } = await import('../../functions/deliver.ts');
  const failure: unknown = await handler(sqsEvent(), contextOf(60)).catch((error: unknown) => error);
  expect(String(failure)).toContain('WEBHOOK_DELIVERY_TIMEOUT_SECONDS=50');
  expect(String(failure)).toContain('leaves 60 s');
  vi.stubEnv('WEBHOOK_DELIVERY_TIMEOUT_SECONDS', '30');
  expect(await handler(sqsEvent(), contextOf(60))).toEqual({ batchItemFailures: [] });
});
