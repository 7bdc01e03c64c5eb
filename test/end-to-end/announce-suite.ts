import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import type { RunningStack } from '../support/stack/running-stack.ts';
import { newRun } from './a-delivery.ts';
import { applicationUrl } from './application-role.ts';

const TRACE = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' };

export function describeAnnouncements(stackOf: () => RunningStack): void {
  describe('a webhook that an application inserts itself, as a role that may do nothing else', () => {
    let application: Client;
    beforeAll(async () => {
      application = new Client({ connectionString: await applicationUrl(stackOf()) });
      await application.connect();
      // The sweep of the start is over: what is sent from here on, no other sweep has sent.
      await stackOf().log.until(() => stackOf().log.lines.find((line) => line.includes('"swept"')));
    });
    afterAll(() => application?.end());

    async function insert(url: string, uuid: string = randomUUID()): Promise<string> {
      const { rows } = await application.query(
        `insert into public.webhook_outbox
          (delivery_uuid, workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, traceparent, tracestate)
        values ($1, $2, 7, 'node', $3, '{"by":"hand"}', $4, $5) returning delivery_uuid`,
        [uuid, newRun(), url, TRACE.traceparent, TRACE.tracestate],
      );
      return rows[0].delivery_uuid;
    }
    /** What the sweep leaves behind of what it hands out. */
    const sweptAt = async (stack: RunningStack, uuid: string) => {
      const [row] = await stack.rows<{ put_back_at: string | null; status: string }>(
        'select put_back_at, cast(status as text) as status from webhook_deliveries where delivery_uuid = cast(:uuid as uuid)',
        { uuid },
      );
      return row;
    };
    const announce = (stack: RunningStack, ...delivery_uuids: string[]) =>
      stack.invoke('enqueue', { announce: { delivery_uuids } });

    it('goes as soon as it is announced, with its trace and without a sweep', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      await application.query('begin');
      const uuid = await insert(receiver.url());
      expect(await announce(stack, uuid)).toEqual({
        ok: true,
        answer: { results: [{ delivery_uuid: uuid, result: 'not_found' }] },
      });
      await application.query('commit');

      expect(await announce(stack, uuid)).toEqual({
        ok: true,
        answer: { results: [{ delivery_uuid: uuid, result: 'sent', scheduled_for: expect.any(String) as string }] },
      });
      await receiver.until(({ received }) => received.length === 1);

      expect(receiver.received[0]).toMatchObject({ deliveryId: uuid, attempt: 1, headers: TRACE });
      expect(receiver.received[0]?.body.toString()).toBe('{"by":"hand"}');
      const line = await stack.log.until(() =>
        stack.log.lines.find((candidate) => candidate.includes(uuid) && candidate.includes('"attempt"')),
      );
      expect(line).toContain('"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"');
      expect(await sweptAt(stack, uuid)).toMatchObject({ put_back_at: null });
      const again = await announce(stack, uuid);
      expect(again).toMatchObject({ ok: true, answer: { results: [{ delivery_uuid: uuid }] } });
      expect(receiver.received).toHaveLength(1);
    });

    it('goes with the next sweep where nobody announces it, and not before', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const unannounced = await insert(receiver.url());
      const announced = await insert(receiver.url());
      await announce(stack, announced);
      await receiver.until(({ received }) => received.length === 1);
      expect(receiver.received.map(({ deliveryId }) => deliveryId)).toEqual([announced]);
      expect(await sweptAt(stack, unannounced)).toEqual({ put_back_at: null, status: 'pending' });

      const swept = await stack.invoke('sweep', {});
      expect(swept.ok && (swept.answer as { handed_out: number }).handed_out).toBeGreaterThanOrEqual(1);
      await receiver.until(({ received }) => received.length === 2);
      expect(receiver.received[1]?.deliveryId).toBe(unannounced);
      expect((await sweptAt(stack, unannounced))?.put_back_at).not.toBeNull();
    });

    it('goes in its order where several of one key are announced, however they are named', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      const uuids: string[] = [];
      for (let place = 0; place < 5; place++) {
        const { rows } = await application.query(
          `insert into public.webhook_outbox
            (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, ordering_key)
          values ($1, 7, 'node', $2, '{}', 'a customer') returning delivery_uuid`,
          [newRun(), receiver.url()],
        );
        uuids.push(rows[0].delivery_uuid);
      }
      expect(await announce(stack, ...uuids.toReversed())).toMatchObject({ ok: true });
      await receiver.until(({ received }) => received.length === uuids.length);
      expect(receiver.received.map(({ deliveryId }) => deliveryId)).toEqual(uuids);
      for (const uuid of uuids) expect(await sweptAt(stack, uuid)).toMatchObject({ put_back_at: null });
    });

    it('may be announced by the intake queue before its commit: it goes as soon as that is done', async () => {
      const stack = stackOf();
      await using receiver = await RecordingReceiver.open();
      await application.query('begin');
      const uuid = await insert(receiver.url());
      const MessageBody = JSON.stringify({ announce: { delivery_uuids: [uuid] } });
      const sent = stack.log.lines.length;
      await stack.sqs.send(new SendMessageCommand({ QueueUrl: stack.queueUrl('intake'), MessageBody }));
      await stack.log.until(() => stack.log.lines.slice(sent).find((line) => line.includes('intake_postponed')));
      expect(receiver.received).toEqual([]);
      await application.query('commit');
      await receiver.until(({ received }) => received.length === 1);
      expect(receiver.received[0]?.deliveryId).toBe(uuid);
      expect(await sweptAt(stack, uuid)).toMatchObject({ put_back_at: null });
    });
  });
}
