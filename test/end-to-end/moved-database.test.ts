// Real: everything, started anew on one folder with settings files that name different databases. Never asserted: times.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../../local/free-port.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { makeDataDir, removeDataDir, type StackEnd, StackProcess } from '../support/stack/stack-process.ts';
import { aDelivery } from './a-delivery.ts';

const folder = mkdtempSync(join(tmpdir(), 'surehook-settings-'));
const dataDir = makeDataDir();
afterAll(() => {
  rmSync(folder, { recursive: true });
  removeDataDir(dataDir);
});

/** The environment of a start by a settings file of its own. */
function settingsOf(name: string, settings: object): Record<string, string> {
  const path = join(folder, `${name}.settings.ts`);
  writeFileSync(path, `export default ${JSON.stringify(settings)};\n`);
  return { SUREHOOK_SETTINGS: path };
}

async function endOf(environment: Record<string, string>): Promise<StackEnd> {
  const start = new StackProcess({ ...environment, PORT: String(await freePort()), DATA_DIR: dataDir });
  try {
    return await start.ended;
  } finally {
    await start.killGroup();
  }
}

test(
  'a deployment that would leave pending deliveries stops and counts them; the version before it starts again',
  { timeout: 300_000 },
  async () => {
    const acme = { database: { kind: 'new', databaseName: 'acme' } };
    const first = await RunningStack.start(settingsOf('acme', acme), dataDir);
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const { delivery_id: id } = await first.enqueue(
      aDelivery({ endpoint_url: 'https://receiver.example.com/', scheduled_for: inAnHour }),
    );
    await first.abandon();

    const moved = { database: { kind: 'new', databaseName: 'other' } };
    const { code, stderr } = await endOf(settingsOf('other', moved));
    expect(code).toBe(1);
    const [, from] = /leave the database (\S+\/acme), where deliveries are pending: 1, for/.exec(stderr) ?? [];
    expect(stderr).toContain(`set databaseMovedFrom to '${from}'`);

    const back = await RunningStack.start(settingsOf('acme', acme), dataDir);
    expect(await back.delivery(id)).toMatchObject({ status: 'pending' });
    await back.abandon();

    const allowed = await RunningStack.start(settingsOf('allowed', { ...moved, databaseMovedFrom: from }), dataDir);
    const [counted] = await allowed.rows<{ deliveries: number }>(
      'select count(*) as deliveries from webhook_deliveries',
    );
    expect(Number(counted?.deliveries)).toBe(0);
    await allowed.abandon();
  },
);
