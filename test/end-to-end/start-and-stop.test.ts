// Real: everything, and the crash. Time alone is moved: the leases of killed workers are let run out at once, where they
// would end by themselves 49 s after their claim. Never asserted: which deliveries are in flight when it crashes.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { where, WITHOUT_ENTRY } from '../support/postgres/circumstances.ts';
import { aDelivery } from './a-delivery.ts';
import { stillRunning, withDescendants } from '../support/stack/processes.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { RunningStack } from '../support/stack/running-stack.ts';
import { freePort } from '../../local/free-port.ts';
import { makeDataDir, removeDataDir, type StackEnd, StackProcess } from '../support/stack/stack-process.ts';

const SETTINGS = {
  WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '4',
  WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: '1,2',
};
const DELIVERIES = 200;
/** What the contract allows a stop, ms. */
const STOPS_WITHIN_MS = 10_000;

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start(SETTINGS);
});

// One after the other: each test leaves the stack to the next as it says.
afterAll(() => stack.dispose());

describe('a stack whose processes are all killed at once', () => {
  it('has every accepted delivery after the next start and ends it, never with two requests for one at a time', async () => {
    let answersLeft = 60;
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await using receiver = await RecordingReceiver.open(async () => {
      if (answersLeft-- <= 0) await held;
      return 200;
    });
    await enqueueAll(stack, receiver.url());
    await receiver.until(({ answered, open }) => answered >= 60 && open >= 10);
    const before = await stack.log.until(async () => {
      const now = await countStates(stack);
      return now.succeeded > 0 ? now : undefined;
    });

    const survivors = await stack.abandon();
    await receiver.until(({ open }) => open === 0);
    const seen = new Set(receiver.received.map(({ deliveryId }) => deliveryId)).size;
    letGo();
    stack = await RunningStack.start(SETTINGS, stack.dataDir);
    await endLeases(stack);
    await stack.invoke('sweep', { messages_lost: true });
    const after = await stack.log.until(async () => {
      const now = await countStates(stack);
      return now.pending === 0 ? now : undefined;
    });

    // The crash was one: some were done, some in flight, some not begun.
    expect(before.succeeded).toBeGreaterThan(0);
    expect(before.leased).toBeGreaterThan(0);
    expect(seen).toBeLessThan(DELIVERIES);
    expect(survivors).toEqual([]);
    expect(after).toEqual({ pending: 0, succeeded: DELIVERIES, dead_letter: 0, leased: 0 });
    expect(new Set(receiver.received.map(({ deliveryId }) => deliveryId)).size).toBe(DELIVERIES);
    expect(receiver.mostAtOnce).toBe(1);
  });
});

it('says by which settings its requests are judged, and no others', () => {
  expect(stack.endpoints.settings).toEqual({
    EGRESS_ALLOW_CIDRS: '127.0.0.0/8,::1/128',
    WEBHOOK_DELIVERY_MAX_ATTEMPTS: expect.stringMatching(/^\d+$/),
    WEBHOOK_HEADER_PREFIX: 'X-Dograh',
  });
});

describe('a start that cannot be', () => {
  it('ends at once with one clear line when another stack works in its folder, and leaves that one alone', async () => {
    const end = await startInVain({ DATA_DIR: stack.dataDir, PORT: String(await freePort()) });

    expect(end).toMatchObject(oneLine(/DATA_DIR .* is in use/));
    expect(readdirSync(stack.dataDir)).toContain('endpoints.json');
    expect(await stack.invoke('sweep', {})).toMatchObject({ ok: true });
  });

  it('ends at once with one clear line when its port is taken', async () => {
    const { port } = new URL(stack.endpoints.aws);
    const folder = makeDataDir();

    const end = await startInVain({ DATA_DIR: folder, PORT: port });

    removeDataDir(folder);
    expect(end).toMatchObject(oneLine(new RegExp(`port ${port} .* is taken`)));
  });

  it.for([
    ['a file is in the way', (folder: string) => join(folder, 'a-file', 'data')],
    ['it is a file', (folder: string) => join(folder, 'a-file')],
    // Where nobody can make a folder, root neither.
    ['the file system takes no folders', () => join('/proc', 'surehook', 'data')],
  ] as const)('ends at once with one clear line when its folder cannot be written: %s', async ([, dataDirIn]) => {
    const folder = makeDataDir();
    writeFileSync(join(folder, 'a-file'), '');

    const end = await startInVain({ DATA_DIR: dataDirIn(folder), PORT: String(await freePort()) });

    removeDataDir(folder);
    expect(end).toMatchObject(oneLine(/DATA_DIR .* cannot be written/));
  });

  it('names every malformed setting at once, and repeats none of their values', async () => {
    const folder = makeDataDir();

    const end = await startInVain({
      DATA_DIR: folder,
      PORT: 'http',
      WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '0',
      WEBHOOK_DELIVERY_MAX_ATTEMPT: '3',
      EGRESS_ALLOW_CIDRS: '127.0.0.1/99',
    });

    removeDataDir(folder);
    expect(end).toMatchObject(oneLine(/PORT must be .*WEBHOOK_DELIVERY_TIMEOUT_SECONDS must be/));
    expect(end.stderr).toContain('WEBHOOK_DELIVERY_MAX_ATTEMPT is not a setting');
    expect(end.stderr).toContain('EGRESS_ALLOW_CIDRS');
    expect(end.stderr).not.toContain('127.0.0.1/99');
  });
});

describe('a stack whose own process alone is killed', () => {
  it('takes its children along, and the next start has the folder', async () => {
    const processes = withDescendants(stack.process.pid);

    stack.process.signal('SIGKILL');
    const survivors = await stillRunning(processes, STOPS_WITHIN_MS);
    await stack.abandon();
    stack = await RunningStack.start(SETTINGS, stack.dataDir);

    expect(processes.length).toBeGreaterThan(3);
    expect(survivors).toEqual([]);
    expect(await countStates(stack)).toMatchObject({ succeeded: DELIVERIES });
  });
});

describe('a stack that is told to stop', () => {
  it('stops in time, with all its processes, and takes its endpoints back', async () => {
    let letGo = (): void => {};
    const held = new Promise<number>((resolve) => (letGo = () => resolve(200)));
    await using receiver = await RecordingReceiver.open(() => held);
    await stack.enqueue(aDelivery({ endpoint_url: receiver.url() }));
    await receiver.until(({ open }) => open === 1);
    const processes = withDescendants(stack.process.pid);

    const toldAt = performance.now();
    stack.process.signal('SIGTERM');
    const end = await stack.process.ended;
    const tookMs = performance.now() - toldAt;
    letGo();

    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(tookMs).toBeLessThan(STOPS_WITHIN_MS);
    expect(readdirSync(stack.dataDir)).not.toContain('endpoints.json');
    expect(await stillRunning(processes, STOPS_WITHIN_MS - tookMs)).toEqual([]);
  });
});

describe.each(where(WITHOUT_ENTRY))('a stack of a user whom the user table does not know', () => {
  it('delivers', async () => {
    await using receiver = await RecordingReceiver.open(() => 200);
    const ofTheUser = await RunningStack.start(SETTINGS, makeDataDir(), WITHOUT_ENTRY);
    try {
      await ofTheUser.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      await receiver.until(({ answered }) => answered === 1);
      expect(receiver.received).toHaveLength(1);
    } finally {
      await ofTheUser.dispose();
    }
  });
});

type Counts = Record<'pending' | 'succeeded' | 'dead_letter' | 'leased', number>;

async function enqueueAll(to: RunningStack, url: string): Promise<void> {
  for (let sent = 0; sent < DELIVERIES; sent += 100) {
    const deliveries = Array.from({ length: 100 }, () => aDelivery({ endpoint_url: url }));
    expect(await to.invoke('enqueue', { deliveries })).toMatchObject({ ok: true });
  }
}

async function countStates(of: RunningStack): Promise<Counts> {
  const [counts] = await of.rows<Counts>(
    `select count(*) filter (where status = 'pending') as pending,
       count(*) filter (where status = 'succeeded') as succeeded,
       count(*) filter (where status = 'dead_letter') as dead_letter,
       count(lease_expires_at) as leased
     from webhook_deliveries`,
  );
  if (counts === undefined) throw new Error('a count without a row');
  return counts;
}

/** Nobody who held one is alive. */
async function endLeases(of: RunningStack): Promise<void> {
  await of.change('update webhook_deliveries set lease_expires_at = now() where lease_expires_at is not null');
}

async function startInVain(environment: Readonly<Record<string, string>>): Promise<StackEnd> {
  const start = new StackProcess(environment);
  try {
    return await start.ended;
  } finally {
    await start.killGroup();
  }
}

/** The end of a start that says one line to the error stream and nothing else there. */
function oneLine(words: RegExp): object {
  return { code: 1, stderr: expect.stringMatching(new RegExp(`^[^\\n]*${words.source}[^\\n]*\\n$`)) as string };
}
