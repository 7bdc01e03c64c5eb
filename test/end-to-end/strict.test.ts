// Real: everything, in a stack as strict as a deployed one with a database of the application's: it reaches no private
// address and registers no runs. Nothing here may send anything: no address but loopback is ever named.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aDelivery, newRun } from './a-delivery.ts';
import { sendToIntake } from './intake-suite.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { RunningStack } from '../support/stack/running-stack.ts';

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start({ EGRESS_ALLOW_CIDRS: '', REGISTER_UNKNOWN_RUNS: 'false' });
});

afterAll(() => stack.dispose());

describe('a stack that registers no runs', () => {
  /** Refused before anything would be sent, and never due within the test. */
  const forARun = (workflow_run_id: number) => ({
    ...aDelivery({ endpoint_url: 'https://receiver.example.com/', scheduled_for: inThreeDays() }),
    workflow_run_id,
  });

  it('refuses a run that nobody knows', async () => {
    const run = newRun();

    const refused = await stack.invoke('enqueue', forARun(run));

    expect(refused).toMatchObject({ ok: false, errorType: 'WorkflowRunNotFound' });
    expect(await stack.countOfRun(run)).toBe(0);
  });

  it('takes an intake message whose run is committed after it was sent', async () => {
    const run = newRun();

    await sendToIntake(stack, [JSON.stringify(forARun(run))]);
    await stack.log.until(() => stack.log.lines.find((line) => line.includes('intake_postponed')));
    await stack.change('insert into workflows (id, organization_id) values (:id, 7)', { id: run });
    await stack.change('insert into workflow_runs (id, workflow_id) values (:id, :id)', { id: run });

    expect(await stack.log.until(async () => (await stack.countOfRun(run)) || undefined)).toBe(1);
  });

  it('answers the repeat of an accepted request though its run was deleted since', async () => {
    const run = newRun();
    await stack.change('insert into workflows (id, organization_id) values (:id, 7)', { id: run });
    await stack.change('insert into workflow_runs (id, workflow_id) values (:id, :id)', { id: run });
    const first = await stack.invoke('enqueue', forARun(run));
    await stack.change('delete from workflow_runs where id = :id', { id: run });

    const repeated = await stack.invoke('enqueue', forARun(run));
    const stranger = await stack.invoke('enqueue', { ...forARun(run), organization_id: 8 });

    expect(repeated).toMatchObject({ ok: true, answer: { created: false } });
    expect(stranger).toMatchObject({ ok: false, errorType: 'WorkflowRunNotFound' });
    expect(first).toMatchObject({ ok: true, answer: { created: true } });
  });

  it('refuses a run whose workflow belongs to no organization', async () => {
    const run = newRun();
    await stack.change('insert into workflows (id, organization_id) values (:id, null)', { id: run });
    await stack.change('insert into workflow_runs (id, workflow_id) values (:id, :id)', { id: run });

    const refused = await stack.invoke('enqueue', forARun(run));

    expect(refused).toMatchObject({ ok: false, errorType: 'WorkflowRunHasNoOrganization' });
    expect(await stack.countOfRun(run)).toBe(0);
  });

  it('accepts a run of the organization, and refuses it for any other', async () => {
    const run = newRun();
    await stack.change('insert into workflows (id, organization_id) values (:id, 7)', { id: run });
    await stack.change('insert into workflow_runs (id, workflow_id) values (:id, :id)', { id: run });

    const foreign = await stack.invoke('enqueue', { ...forARun(run), organization_id: 8 });
    const own = await stack.invoke('enqueue', forARun(run));

    expect(foreign).toMatchObject({ ok: false, errorType: 'OrganizationMismatch' });
    expect(own).toMatchObject({ ok: true, answer: { created: true, status: 'pending' } });
    expect(await stack.countOfRun(run)).toBe(1);
  });
});

describe('a stack that may reach no private address', () => {
  it.for(['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '169.254.169.254'])(
    'refuses %s as an endpoint',
    async (host) => {
      const request = aDelivery({ endpoint_url: `http://${host}:8080/hook` });

      const refused = await stack.invoke('enqueue', request);

      expect(refused).toMatchObject({
        ok: false,
        errorType: 'InvalidRequest',
        errorMessage: expect.stringMatching(/^endpoint_url/) as string,
      });
      expect(await stack.countOfRun(Number(request['workflow_run_id']))).toBe(0);
    },
  );

  it.for(['127.0.0.1', 'localhost'])(
    'makes a dead letter of a row with %s for its endpoint, and opens no connection',
    async (host) => {
      await using receiver = await RecordingReceiver.open();
      const uuid = randomUUID();
      await stack.change(
        `insert into webhook_deliveries
           (delivery_uuid, workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, scheduled_for)
         values (cast(:uuid as uuid), :run_id, 7, 'node', :url, '{}', now() - interval '2 minutes')`,
        { uuid, run_id: newRun(), url: `http://${host}:${receiver.port}/hook` },
      );
      const [row] = await stack.rows<{ id: number }>(
        'select id from webhook_deliveries where delivery_uuid = cast(:uuid as uuid)',
        { uuid },
      );

      await stack.invoke('sweep', {});
      const over = await stack.over(row?.id ?? 0);

      expect(over).toMatchObject({
        status: 'dead_letter',
        dead_letter_reason: 'blocked_address',
        attempt_count: 1,
        last_error: expect.stringContaining('blocked_address') as string,
      });
      expect(receiver.connections).toBe(0);
    },
  );
});

function inThreeDays(): string {
  return new Date(Date.now() + 3 * 86_400_000).toISOString();
}
