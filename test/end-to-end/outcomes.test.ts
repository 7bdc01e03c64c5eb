// Real: the example app, synthesized, and the stack that runs it: its functions, rules, queue and rights; receivers on loopback, one of
// them in Slack's place. Doubles: none. How outcomes get through faults is tested elsewhere.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectToStack, type StackClient } from '../../bench/stack-client.ts';
import { OutcomeStack } from '../../examples/outcomes/outcome-stack.ts';
import { freePort } from '../../local/free-port.ts';
import type { KeptEvent } from '../../local/aws/events/service.ts';
import type { Endpoints } from '../../local/twin/endpoints-file.ts';
import type { OutcomeName } from '../../infra/surehook.ts';
import { OUTCOME_DETAILS } from '../../shared/outcomes/outcome-detail.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { makeDataDir, removeDataDir, StackProcess } from '../support/stack/stack-process.ts';

let folder: string;
let dataDir: string;
let running: StackProcess;
let endpoints: Endpoints;
let stack: StackClient;
let slack: RecordingReceiver;
let receiver: RecordingReceiver;
/** What each path of the receiver answers; 204 where nothing is said. */
const statuses = new Map<string, number>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'surehook-outcomes-'));
  const app = new App({
    outdir: join(folder, 'cdk.out'),
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  new OutcomeStack(app, 'Outcomes', {
    delivery: { baseDelaySeconds: 1, maxDelaySeconds: 1, endpointDownAfterFailures: 3 },
  });
  app.synth();
  [slack, receiver] = await Promise.all([
    RecordingReceiver.open(),
    RecordingReceiver.open(({ path }) => statuses.get(path.split('?')[0] ?? '') ?? 204),
  ]);
  dataDir = makeDataDir();
  const environment = { DATA_DIR: dataDir, PORT: String(await freePort()) };
  running = new StackProcess(environment, [], ['--app', join(folder, 'cdk.out')]);
  const ready = await running.ready(dataDir);
  if (!('aws' in ready)) throw new Error(ready.stderr);
  endpoints = ready;
  stack = connectToStack(endpoints, 3);
  const { aws: endpoint, region } = endpoints;
  const secrets = new SecretsManagerClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'a', secretAccessKey: 'a' },
  });
  await secrets.send(
    new CreateSecretCommand({ Name: 'slack/webhooks-channel', SecretString: slack.url('/services/T0') }),
  );
  secrets.destroy();
  const table = readFileSync(new URL('../../examples/outcomes/webhook-states.sql', import.meta.url), 'utf8');
  await stack.query(table.replaceAll(/^--.*$|;\s*$/gm, ''));
}, 240_000);

afterAll(async () => {
  stack?.close();
  await running?.killGroup();
  await Promise.all([slack?.[Symbol.asyncDispose](), receiver?.[Symbol.asyncDispose]()]);
  for (const made of [folder, dataDir]) if (made !== undefined) removeDataDir(made);
});

async function events(): Promise<KeptEvent[]> {
  const shown = await fetch(`${endpoints.aws}/console/events.json`);
  return ((await shown.json()) as KeptEvent[]).toReversed();
}

const of = (all: readonly KeptEvent[], uuid: string) => all.filter(({ detail }) => detail['delivery_uuid'] === uuid);
const within = { timeout: 60_000, interval: 250 };

function enqueue(path: string, fields: object = {}): Promise<string> {
  return stack.enqueue({
    workflow_run_id: 41,
    organization_id: 7,
    webhook_node_id: path,
    endpoint_url: receiver.url(`${path}?token=query-secret`),
    payload: { card: 'payload-secret' },
    ...fields,
  });
}

async function stateOf(node: string): Promise<unknown> {
  const rows = await stack.query('select webhook_node_id as node, status, reason from webhook_states');
  return rows.find((row) => row['node'] === node);
}

test('a delivery that dies, is redelivered and arrives is told as dead-lettered, then as recovered; the table follows', async () => {
  statuses.set('/gone/path-secret', 410);
  const uuid = await enqueue('/gone/path-secret');
  await expect.poll(async () => of(await events(), uuid).length, within).toBe(1);
  await expect
    .poll(() => stateOf('/gone/path-secret'), within)
    .toMatchObject({ status: 'dead_letter', reason: 'status' });
  statuses.delete('/gone/path-secret');
  await stack.invoke('operate', { action: 'redeliver', delivery_uuids: [uuid] });
  await expect.poll(async () => of(await events(), uuid).length, within).toBe(2);
  const told = of(await events(), uuid);
  expect(told).toMatchObject([
    { source: 'surehook', detail_type: 'Webhook Dead-Lettered', detail: { attempts: 1, last_status_code: 410 } },
    { source: 'surehook', detail_type: 'Webhook Recovered', detail: { attempts: 2, last_status_code: 204 } },
  ]);
  expect(new Set(told.map(({ detail }) => detail['event_id'])).size).toBe(2);
  await expect.poll(() => stateOf('/gone/path-secret'), within).toMatchObject({ status: 'succeeded', reason: null });
});

test('an endpoint goes down once and comes up once, and a channel is told', async () => {
  statuses.set('/away', 503);
  const uuids = await Promise.all(
    Array.from({ length: 6 }, (_, n) => enqueue('/away', { webhook_node_id: `away-${n}` })),
  );
  await slack.until(({ received }) => received.length > 0);
  statuses.delete('/away');
  await expect
    .poll(async () => (await events()).filter(({ detail_type }) => detail_type === 'Endpoint Up').length, within)
    .toBe(1);
  const turns = (await events()).filter(({ detail_type }) => detail_type.startsWith('Endpoint'));
  expect(turns.map(({ detail_type }) => detail_type)).toEqual(['Endpoint Down', 'Endpoint Up']);
  expect(turns[0]?.detail['outage_id']).toBe(turns[1]?.detail['outage_id']);
  await slack.until(({ received }) => received.length === 2);
  const texts = slack.received.map(({ body }) => (JSON.parse(body.toString()) as { text: string }).text);
  expect(texts).toEqual([
    expect.stringMatching(/^An endpoint at http:\/\/127\.0\.0\.1:\d+ of organization 7 is down after \d+ failures/),
    expect.stringMatching(/^An endpoint at .* answers again/),
  ]);
  // And the six that waited arrive, each with its event.
  await expect
    .poll(async () => {
      const all = await events();
      return uuids.filter((uuid) => of(all, uuid).length > 0).length;
    }, within)
    .toBe(6);
});

test('what an operator cancels is told by the sweep', async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const uuid = await enqueue('/later', { scheduled_for: later });
  await stack.invoke('operate', { action: 'cancel', delivery_uuids: [uuid] });
  expect(of(await events(), uuid)).toEqual([]);
  expect(await stack.invoke('sweep', {})).toMatchObject({ announced: 1, unannounced: 0 });
  expect(of(await events(), uuid)).toMatchObject([{ detail: { reason: 'cancelled', attempts: 0 } }]);
});

test('every event is as its schema says, and none holds a path, a query or a payload', async () => {
  const all = await events();
  expect(all.length).toBeGreaterThan(8);
  for (const { detail_type: name, detail } of all) {
    expect(OUTCOME_DETAILS[name as OutcomeName].safeParse(detail)).toMatchObject({ success: true });
    const { webhook_node_id: _, ...rest } = detail;
    expect(JSON.stringify(rest)).not.toMatch(/secret|\/away|\/later|token/);
    expect(detail['service']).toBe('Outcomes/Webhooks');
  }
});
