// Real: the rules of inspect and its statements, PostgreSQL, HTTP over loopback, the demo receiver. Doubles: the other functions,
// played by the bench.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { demoReceiverPage } from '../../console/demo-receiver-page.ts';
import { type ConsoleBench, startConsoleBench } from './console-world.ts';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');

let bench: ConsoleBench;
beforeAll(async () => {
  // Turned on with every test, so that the shared look at the backlog is never an old one.
  let nowMs = NOW;
  bench = await startConsoleBench({ nowMs: () => (nowMs += 1000) });
});
afterAll(async () => bench.close());
beforeEach(() => {
  bench.invoked.length = 0;
  for (const name of ['enqueue', 'sweep', 'inspect', 'operate'] as const) delete bench.answers[name];
});

const form = (fields: Record<string, string>) => ({
  method: 'POST',
  headers: { origin: bench.origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

describe('sending a test', () => {
  it('offers a run and a node that are new each time', async () => {
    const runOf = async () => /name="workflow_run_id"\s+value="(\d+)"/.exec((await bench.ask('/send')).body)?.[1];
    const [one, other] = [await runOf(), await runOf()];
    expect(one).toMatch(/^\d{10}$/);
    expect(one).not.toBe(other);
  });

  it('invokes enqueue with what was filled in, the payload as written', async () => {
    bench.answers.enqueue = () => ({ ok: true, answer: { delivery_id: 42, created: true, warnings: [] } });
    const answer = await bench.ask(
      '/send',
      form({
        endpoint_url: `${bench.origin}/demo/ok`,
        http_method: 'PUT',
        payload_json: '{"a": 1.0}',
        delay_seconds: '90',
        max_attempts: '3',
        workflow_run_id: '7',
        organization_id: '1',
        webhook_node_id: 'n',
      }),
    );
    expect(answer).toMatchObject({ status: 303, headers: { location: '/deliveries/42' } });
    const [{ functionName, payload } = {}] = bench.invoked;
    expect(functionName).toBe('enqueue');
    expect(payload).toEqual({
      endpoint_url: `${bench.origin}/demo/ok`,
      http_method: 'PUT',
      payload_json: '{"a": 1.0}',
      max_attempts: 3,
      workflow_run_id: 7,
      organization_id: 1,
      webhook_node_id: 'n',
      scheduled_for: expect.stringMatching(/^2026-11-23T12:\d\d:\d\d\.000Z$/),
    });
  });

  it('shows each fault at its field, and what was typed', async () => {
    const errorMessage =
      'endpoint_url: must be absolute; custom_headers[2].value: is odd; workflow_run_id: is <required>';
    bench.answers.enqueue = () => ({ ok: false, errorType: 'InvalidRequest', errorMessage });
    const { status, body } = await bench.ask('/send', form({ endpoint_url: 'nowhere', webhook_node_id: '"><b>' }));
    expect(status).toBe(422);
    expect(body).toContain('id="endpoint_url-fault"><bdi>must be absolute</bdi>');
    expect(body).toContain('id="workflow_run_id-fault"><bdi>is &lt;required&gt;</bdi>');
    expect(body).toContain('custom_headers[2].value: is odd');
    expect(body).toContain('value="nowhere"');
    expect(body).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  it('does not guess at a delay that is no number', async () => {
    const { status, body } = await bench.ask('/send', form({ delay_seconds: 'soon' }));
    expect(status).toBe(422);
    expect(body).toContain('id="delay_seconds-fault"');
    expect(bench.invoked).toEqual([]);
  });

  it('tells a repeated request and warnings', async () => {
    bench.answers.enqueue = () => ({
      ok: true,
      answer: { delivery_id: 42, created: false, warnings: ['it <differs>'] },
    });
    const { body } = await bench.ask('/send', form({}));
    expect(body).toContain('were used before');
    expect(body).toContain('it &lt;differs&gt;');
  });
});

describe('other pages', () => {
  it('shows what the demo receiver got, and how often', async () => {
    const headers = { 'x-dograh-delivery-id': '<i>one</i>' };
    for (let n = 0; n < 2; n++)
      await bench.ask('/demo/fail/1', { method: 'POST', headers, body: '<script>alert(1)</script>' });
    const { body } = await bench.ask('/demo-receiver');
    expect(body).toContain('received 2 times, accepted once');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(body).toContain('&lt;i&gt;one&lt;/i&gt;');
  });

  it('calls a request that is still unanswered neither refused nor failed', () => {
    const waiting = {
      number: 1,
      atMs: NOW,
      method: 'POST',
      path: '/demo/slow/5',
      rawHeaders: [],
      bodyStart: Buffer.alloc(0),
      bodyBytes: 0,
      deliveryId: 'one',
      answer: 'waiting',
    } as const;
    const counts = new Map([['one', { requests: 1, accepted: 0 }]]);
    const { content } = demoReceiverPage({
      choices: [],
      keeps: 1,
      snapshot: () => ({ total: 1, requests: [waiting], counts }),
    });
    expect(content.text).toContain('<li class="open"');
    expect(content.text).toMatch(/received once\s*</);
  });

  it('serves its script, style and icon', async () => {
    for (const [name, type] of [
      ['console.js', 'text/javascript; charset=utf-8'],
      ['console.css', 'text/css; charset=utf-8'],
      ['favicon.svg', 'image/svg+xml'],
    ]) {
      const { status, headers } = await bench.ask(`/console/assets/${name}`);
      expect([status, headers['content-type']]).toEqual([200, type]);
    }
    expect(await bench.ask('/console/assets/..%2fhtml.ts')).toMatchObject({ status: 404 });
  });

  it.each(['/', '/send', '/demo-receiver', '/dashboard'])('serves every sheet that %s links', async (path) => {
    const { body } = await bench.ask(path);
    const sheets = [...body.matchAll(/<link rel="stylesheet" href="([^"]+)">/g)].map(([, href = '']) => href);
    expect(sheets).toHaveLength(2);
    for (const href of sheets) {
      expect(await bench.ask(href)).toMatchObject({
        status: 200,
        headers: { 'content-type': 'text/css; charset=utf-8' },
      });
    }
  });

  it('says on a page of its own that there is nothing at an address, if a browser asks', async () => {
    const { status, body } = await bench.ask('/delivery/1', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(status).toBe(404);
    expect(body).toContain('There is nothing at this address.');
    expect(body).toContain('href="/"');
  });

  it('leaves paths that are not its own to others', async () => {
    expect(await bench.ask('/2015-03-31/functions')).toMatchObject({ status: 404, body: 'not the console' });
  });

  it('says that there is no dashboard', async () => {
    expect((await bench.ask('/dashboard')).body).toContain('This stack has no dashboard.');
  });
});
