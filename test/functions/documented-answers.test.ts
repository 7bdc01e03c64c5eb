// What enqueue answers is what docs/enqueue.md and the README show. Real: the documents, the handlers, the SDK, PostgreSQL. Doubles: AWS, by the
// local endpoints; stdout and stderr, caught.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { handler as enqueue } from '../../functions/enqueue.ts';
import { handler as migrate } from '../../functions/migrate.ts';
import { sourceOf } from '../house/sources.ts';
import { contextOf, type PlatformBench, startPlatform } from '../support/stack/platform-world.ts';

const PAGE = sourceOf('docs/enqueue.md');

let platform: PlatformBench;
beforeAll(async () => {
  platform = await startPlatform();
  await migrate({}, contextOf(600));
});
afterAll(() => platform.close());

const request = (more: object = {}) => ({
  workflow_run_id: 1,
  organization_id: 7,
  webhook_node_id: 'node',
  endpoint_url: 'http://127.0.0.1:8080/',
  payload: {},
  ...more,
});
const ask = async (given: object) => (await enqueue(given, contextOf(60))) as Record<string, unknown>;

/** What the page shows as the answer to a request, as it is written there. */
function shown(row: string): string {
  const line = PAGE.split('\n').find((text) => text.startsWith(`| ${row}`)) ?? '';
  return /`(\{.*\})`/.exec(line)?.[1] ?? '';
}

/** Names of members, in their order. */
const membersOf = (json: string): string[] => Object.keys(JSON.parse(json) as object);

test('an accepted request is answered as the page and the README show', async () => {
  const answer = await ask(request());
  expect(Object.keys(answer)).toEqual(membersOf(shown('accepted')));
  expect(sourceOf('README.md')).toContain(shown('accepted'));
});

test('a repeated one says beside that what became of the first, by the names of the page', async () => {
  const answer = await ask(request());
  const line = PAGE.split('\n').find((text) => text.startsWith('| a repeat of')) ?? '';
  expect(answer).toMatchObject({ created: false });
  expect(line).toContain('`"created":false`');
  const told = Object.keys(answer).filter(
    (name) => !['delivery_id', 'delivery_uuid', 'created', 'warnings'].includes(name),
  );
  expect(told.filter((name) => !line.includes(`\`${name}\``))).toEqual([]);
  expect(told).toContain('attempt_count');
});

test('one that is not enabled is skipped in the words of the page, whatever else is in it', async () => {
  const answer = await ask(request({ enabled: false, endpoint_url: 'nowhere', webhook_node_id: 'off' }));
  expect(JSON.stringify(answer)).toBe(shown('`"enabled": false`'));
});

test('of a batch each has its own answer, a refused one as the page shows', async () => {
  const { results } = (await ask({ deliveries: [request(), request({ http_method: 'CONNECT' })] })) as {
    results: object[];
  };
  expect(results.map((result) => Object.keys(result)[0])).toEqual(['delivery_id', 'error']);
  const line = PAGE.split('\n').find((text) => text.startsWith('| `{"deliveries":[…]}`')) ?? '';
  expect(line).toContain('`{"results":[…]}`');
  const [, refused = ''] = /refused one is `(\{.*?\}\})`/.exec(line) ?? [];
  const error = (JSON.parse(refused) as { error: object }).error;
  expect(results[1]).toEqual({
    error: { errorType: 'InvalidRequest', errorMessage: expect.stringContaining('deliveries[1].http_method: ') },
  });
  expect(Object.keys(error)).toEqual(['errorType', 'errorMessage']);
});
