// Real: the program and the SDK over HTTP. Doubles: enqueue, which answers what the test says, and the terminal.
import { expect, test } from 'vitest';
import { refusal, ScriptedStack } from './scripted-stack.ts';

const DELIVERY = { delivery_id: 42, delivery_uuid: 'u', created: true, status: 'pending', warnings: [] };
const lines = (count: number) =>
  Array.from({ length: count }, (_, nth) => JSON.stringify({ webhook_node_id: `${nth}` }));

test('what is refused of many is named by its place among them, in whichever call it went', async () => {
  const refuse = (place: number, id: string) => ({
    error: {
      errorType: 'InvalidRequest',
      errorMessage: `deliveries[${place}].endpoint_url: is required; deliveries[${place}].a: ${id}`,
    },
  });
  const stack = await ScriptedStack.open({
    enqueue: ({ deliveries = [] }) => ({
      results: (deliveries as { webhook_node_id: string }[]).map(({ webhook_node_id: id }, place) =>
        ['3', '102'].includes(id) ? refuse(place, id) : DELIVERY,
      ),
    }),
  });
  // One that goes by itself takes no place from the others.
  const announcement = '{"announce":{"delivery_uuids":[]}}';
  const all = lines(104);
  const input = [...all.slice(0, 50), announcement, ...all.slice(50)].join('\n');
  const { code, err } = await stack.run(['enqueue', '-'], { input });
  expect(err.split('\n')).toEqual([
    'InvalidRequest: request 4: endpoint_url: is required; a: 3',
    'InvalidRequest: request 104: endpoint_url: is required; a: 102',
    'surehook: 2 of the requests were not taken',
  ]);
  expect(code).toBe(1);
});

test('a call that is refused as a whole names all that went in it', async () => {
  const stack = await ScriptedStack.open({
    enqueue: () => refusal('TemporaryFailure', 'the database is unavailable'),
  });
  const { code, err } = await stack.run(['enqueue', '-'], { input: lines(101).join('\n') });
  expect(err.split('\n')).toEqual([
    'TemporaryFailure: requests 1 to 100: the database is unavailable',
    'TemporaryFailure: request 101: the database is unavailable',
    'surehook: 101 of the requests were not taken',
  ]);
  expect(code).toBe(1);
});

test('a single request has no place', async () => {
  const stack = await ScriptedStack.open({
    enqueue: () => refusal('InvalidRequest', 'endpoint_url: is required'),
  });
  const { err } = await stack.run(['enqueue', '-'], { input: '{}' });
  expect(err).toBe('InvalidRequest: endpoint_url: is required\nsurehook: 1 of the requests was not taken');
});
