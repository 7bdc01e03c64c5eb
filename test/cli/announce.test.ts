// Real: the program and the SDK over HTTP. Doubles: enqueue, which answers what the test says, and the terminal.
import { expect, test } from 'vitest';
import { ScriptedStack } from './scripted-stack.ts';

const [ONE, OTHER] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const announcement = (...delivery_uuids: string[]) => JSON.stringify({ announce: { delivery_uuids } });
const DELIVERY = { delivery_id: 42, delivery_uuid: 'u', created: true, status: 'pending', warnings: [] };

function stack() {
  return ScriptedStack.open({
    enqueue: ({ announce }) =>
      announce === undefined
        ? { results: [DELIVERY, DELIVERY] }
        : {
            results: [
              { delivery_uuid: ONE, result: 'left_to_sweep', scheduled_for: '2026-11-24T12:00:00.000Z' },
              { delivery_uuid: OTHER, result: 'not_found' },
            ],
          },
  });
}

test('what an application has inserted is announced as it is handed over, and told one by one', async () => {
  const opened = await stack();
  const { code, out, err } = await opened.run(['enqueue', '-'], { input: announcement(ONE, OTHER) });
  expect(opened.asked).toEqual([{ role: 'enqueue', request: JSON.parse(announcement(ONE, OTHER)) }]);
  expect(out).toMatch(new RegExp(`${ONE} +left to sweep +2026-11-24T12:00:00.000Z`));
  expect(out).toMatch(new RegExp(`${OTHER} +not found`));
  expect([code, err]).toEqual([1, 'surehook: 1 of the requests was not taken']);
});

test('between requests it goes by itself: no batch has room for it', async () => {
  const opened = await stack();
  const input = ['{"webhook_node_id":"a"}', announcement(ONE), '{"webhook_node_id":"b"}'].join('\n');
  const { out } = await opened.run(['enqueue', '-'], { input });
  expect(opened.asked.map(({ request }) => request)).toEqual([
    { deliveries: [{ webhook_node_id: 'a' }, { webhook_node_id: 'b' }] },
    JSON.parse(announcement(ONE)),
  ]);
  expect(out).toContain('42');
});
