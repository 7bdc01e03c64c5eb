// Real: the console over HTTP. Doubles: the events.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConsoleEvent } from '../../console/events-page.ts';
import { type ConsoleBench, startConsoleBench } from './console-world.ts';

let bench: ConsoleBench;

beforeAll(async () => {
  bench = await startConsoleBench();
});
afterAll(() => bench.close());

const down = (id: string): ConsoleEvent => ({
  time: '2026-11-23T12:00:00Z',
  source: 'surehook',
  detail_type: 'Endpoint Down',
  detail: { event_id: id, endpoint: 'https://receiver.example', reason: 'timeout', status: 'down' },
});

it('says that there are none', async () => {
  const { status, body } = await bench.ask('/events');
  expect(status).toBe(200);
  expect(body).toContain('No events.');
  expect(body).toContain('<a href="/events"  aria-current="page"');
});

it('shows what was told and of whom, with a way to the delivery, and nothing as markup', async () => {
  bench.events.unshift(down('a'), {
    time: '2026-11-23T12:00:01Z',
    source: 'surehook',
    detail_type: 'Webhook Dead-Lettered',
    detail: {
      event_id: 'b',
      delivery_id: 7,
      reason: 'status',
      endpoint: 'https://receiver.example',
      webhook_name: '<b>',
    },
  });
  const { body } = await bench.ask('/events');
  expect(body).toMatch(/Endpoint Down[\s\S]+timeout[\s\S]+Webhook Dead-Lettered[\s\S]+href="\/deliveries\/7"/);
  expect(body).toContain('&lt;b&gt;');
  expect(body).not.toContain('<b>');
  const live = JSON.parse((await bench.ask('/console/events-shown.json')).body) as { lists: { children: object[] }[] };
  expect(live.lists[0]?.children).toHaveLength(2);
});

it('shows the newest hundred, and a repeated event twice', async () => {
  bench.events.splice(0, bench.events.length, ...Array.from({ length: 300 }, () => down('same')));
  const live = JSON.parse((await bench.ask('/console/events-shown.json')).body) as {
    lists: { children: { key: string }[] }[];
  };
  const keys = live.lists[0]?.children.map(({ key }) => key) ?? [];
  expect(keys).toHaveLength(100);
  expect(new Set(keys).size).toBe(100);
});
