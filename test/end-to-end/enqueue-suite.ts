import { describe, expect, it } from 'vitest';
import { aDelivery, newRun } from './a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';

const KIB = 1024;

export function describeEnqueue(stackOf: () => RunningStack): void {
  describe('a delivery enqueued by invoke', () => {
    it('reaches its receiver once, with its frozen bytes and the headers that identify delivery, run and attempt', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const request = aDelivery({
        endpoint_url: receiver.url('/hook?token=1'),
        payload: { text: 'größe 😀', nested: [null, true, 1.5] },
        custom_headers: [{ key: 'X-Team', value: 'blue' }],
      });

      const { delivery_id, delivery_uuid, created } = await stack.enqueue(request);
      const row = await stack.over(delivery_id);

      expect(created).toBe(true);
      expect(row).toMatchObject({ status: 'succeeded', attempt_count: 1, due_ms: null, last_status_code: 200 });
      expect(receiver.received).toHaveLength(1);
      const [received] = receiver.received;
      expect(received?.body.toString()).toBe('{"text":"größe 😀","nested":[null,true,1.5]}');
      expect(received).toMatchObject({ method: 'POST', path: '/hook?token=1' });
      expect(received?.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^surehook\/\d/) as string,
        'x-dograh-delivery-id': delivery_uuid,
        'x-dograh-workflow-run-id': String(request['workflow_run_id']),
        'x-dograh-delivery-attempt': '1',
        'x-team': 'blue',
      });
    });

    it('carries payload_json byte for byte as it was written', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const written = '{ "b" : 1.0,\n\t"a":[12345678901234567890, "\\u00e9é", 1e400 ], "b": 2}\n';

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), payload_json: written }));
      await stack.over(delivery_id);

      expect(receiver.received.map(({ body }) => body.toString())).toEqual([written]);
    });

    it('carries what JSON can say and a database cannot: NUL and half a surrogate pair', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const payload = { nul: 'a\u0000b', half: '\uD800', astral: '𝒳' };

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), payload }));
      await stack.over(delivery_id);

      expect(receiver.received.map(({ body }) => body.toString())).toEqual([JSON.stringify(payload)]);
    });

    it('carries 256 KiB intact', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      // Characters of three bytes: no border between two slices of bytes falls between two of them for long.
      const body = `"${'€'.repeat(87_380)}ab"`;
      expect(Buffer.byteLength(body)).toBe(256 * KIB);

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), payload_json: body }));
      await stack.over(delivery_id);

      expect(receiver.received.map((received) => received.body.equals(Buffer.from(body)))).toEqual([true]);
    });

    it.for(['GET', 'DELETE'])('sends no body with %s', async (http_method) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();

      const { delivery_id } = await stack.enqueue(aDelivery({ endpoint_url: receiver.url(), http_method }));
      await stack.over(delivery_id);

      const [received] = receiver.received;
      expect(received).toMatchObject({ method: http_method, body: Buffer.alloc(0) });
      expect(received?.headers['content-length'] ?? '0').toBe('0');
      expect(received?.headers).not.toHaveProperty('transfer-encoding');
    });

    it('is one delivery and one request, however many identical requests come at once', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const request = aDelivery({ endpoint_url: receiver.url() });

      const answers = await Promise.all(Array.from({ length: 20 }, () => stack.enqueue(request)));
      await stack.over(answers[0]?.delivery_id ?? 0);

      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(answers.map(({ delivery_uuid }) => delivery_uuid)).size).toBe(1);
      expect(await stack.countOfRun(Number(request['workflow_run_id']))).toBe(1);
      expect(receiver.received).toHaveLength(1);
    });

    it('stands as it was first asked for; a different request with its key is told so and changes nothing', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const first = aDelivery({ endpoint_url: receiver.url(), payload: 'first' });
      const { delivery_id, delivery_uuid } = await stack.enqueue(first);
      await stack.over(delivery_id);

      const repeated = await stack.enqueue(first);
      const different = await stack.enqueue({ ...first, payload: 'second' });

      expect(repeated).toMatchObject({ delivery_uuid, created: false, status: 'succeeded', warnings: [] });
      expect(different).toMatchObject({
        delivery_uuid,
        created: false,
        scheduled_for: null,
        warnings: [expect.stringContaining('different') as string],
      });
      expect(receiver.received.map(({ body }) => body.toString())).toEqual(['"first"']);
    });

    it('is delivered after an asynchronous invoke, too', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();

      await stack.invokeAsynchronously('enqueue', aDelivery({ endpoint_url: receiver.url() }));
      await receiver.until(({ received }) => received.length === 1);

      expect(receiver.received).toHaveLength(1);
    });
  });

  describe('a request that cannot be accepted', () => {
    it.for([
      ['is no object', ['not', 'an', 'object'], 'InvalidRequest', /object/],
      ['lacks its key', { webhook_node_id: undefined }, 'InvalidRequest', /webhook_node_id/],
      ['has an unknown field', { web_hook: 1 }, 'InvalidRequest', /web_hook/],
      ['has a malformed URL', { endpoint_url: 'http//nowhere' }, 'InvalidRequest', /endpoint_url/],
      ['has 300 KiB of payload', { payload: 'x'.repeat(300 * KIB) }, 'PayloadTooLarge', /payload/],
    ] as const)('that %s is refused with its name and writes nothing', async ([, fault, errorType, words]) => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const run = newRun();
      const request = Array.isArray(fault)
        ? fault
        : { ...aDelivery({ endpoint_url: receiver.url() }), workflow_run_id: run, ...fault };

      const refused = await stack.invoke('enqueue', request);

      expect(refused).toMatchObject({ ok: false, errorType, errorMessage: expect.stringMatching(words) as string });
      expect(await stack.countOfRun(run)).toBe(0);
    });

    it('that names the run of another organization is refused, and the run stays whose it was', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const own = aDelivery({ endpoint_url: receiver.url(), organization_id: 41 });
      await stack.enqueue(own);

      const foreign = await stack.invoke('enqueue', { ...own, organization_id: 42, webhook_node_id: 'another' });

      expect(foreign).toMatchObject({ ok: false, errorType: 'OrganizationMismatch' });
      expect(await stack.countOfRun(Number(own['workflow_run_id']))).toBe(1);
    });

    it('in a batch is answered at its place, and its neighbours are delivered', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const sound = () => aDelivery({ endpoint_url: receiver.url() });

      const answer = await stack.invoke('enqueue', {
        deliveries: [sound(), { ...sound(), http_method: 'BREW' }, sound()],
      });
      await receiver.until(({ received }) => received.length === 2);

      expect(answer).toMatchObject({
        ok: true,
        answer: {
          results: [
            { created: true },
            {
              error: {
                errorType: 'InvalidRequest',
                errorMessage: expect.stringContaining('deliveries[1].http_method') as string,
              },
            },
            { created: true },
          ],
        },
      });
    });
  });
}
