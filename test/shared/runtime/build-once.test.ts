// Real: the handler's two halves. Double: what is built, which is the caller's.
import { expect, test } from 'vitest';
import { buildOnce } from '../../../shared/runtime/build-once.ts';

test('builds once for many events, and hands the parts to each', async () => {
  let builds = 0;
  const handler = buildOnce(
    () => `parts ${++builds}`,
    async (event: string, parts, context: string) => [event, parts, context],
  );
  expect(await handler('first', 'c1')).toEqual(['first', 'parts 1', 'c1']);
  expect(await handler('second', 'c2')).toEqual(['second', 'parts 1', 'c2']);
});

test('builds once for events that come side by side', async () => {
  let builds = 0;
  const { promise: parts, resolve } = Promise.withResolvers<string>();
  const handler = buildOnce(
    () => {
      builds++;
      return parts;
    },
    async (event: number, ready: string) => `${event} ${ready}`,
  );
  const both = Promise.all([handler(1, undefined), handler(2, undefined)]);
  resolve('ready');
  expect(await both).toEqual(['1 ready', '2 ready']);
  expect(builds).toBe(1);
});

test.each([
  ['throws', () => fail()],
  ['rejects', async () => fail()],
])('forgets a build that %s, so that the next event builds again', async (_how, failing) => {
  let builds = 0;
  const handler = buildOnce(
    () => (++builds === 1 ? failing() : 'built'),
    async (_event: undefined, parts: string) => parts,
  );
  await expect(handler(undefined, undefined)).rejects.toThrow('a bad cold start');
  expect(await handler(undefined, undefined)).toBe('built');
  expect(await handler(undefined, undefined)).toBe('built');
  expect(builds).toBe(2);
});

test('keeps its parts when an event fails', async () => {
  let builds = 0;
  const handler = buildOnce(
    () => ++builds,
    async (event: string) => {
      if (event === 'bad') throw new Error('this event only');
      return builds;
    },
  );
  await expect(handler('bad', undefined)).rejects.toThrow('this event only');
  expect(await handler('good', undefined)).toBe(1);
});

test('builds with the context of the first event', async () => {
  const handler = buildOnce(
    (context: { remainingMs: number }) => context.remainingMs,
    async (_event: undefined, builtWith) => builtWith,
  );
  expect(await handler(undefined, { remainingMs: 60_000 })).toBe(60_000);
  expect(await handler(undefined, { remainingMs: 10 })).toBe(60_000);
});

function fail(): never {
  throw new Error('a bad cold start');
}
