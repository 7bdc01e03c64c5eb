// A database that is let sleep, over hours and days of virtual time. Real: enqueue's accepting, the sweep, their adapters, the
// twin's SQS and Data API with a cluster that pauses, PostgreSQL. Doubles: time, the bus. Nobody delivers here.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IdleWorld } from '../support/protocol/idle-world.ts';

let world: IdleWorld;
beforeEach(async () => {
  world = await IdleWorld.open();
});
afterEach(() => world.close());

const HOUR = 60;

/** One delivery, delivered, and a quarter of an hour: the marker is old and gone, and nobody has asked for five minutes. */
async function fallAsleep(): Promise<void> {
  const { answer } = await world.waitFor(world.enqueue());
  expect(answer.kind).toBe('stored');
  await world.deliverAll();
  await world.pass(25);
  expect(world.cluster().state).toBe('asleep');
}

describe('a stack in which nothing is pending', () => {
  it('lets its database fall asleep within a quarter of an hour, and wakes it three times a day', async () => {
    await fallAsleep();
    expect(world.markers()).toMatchObject({ visible: 0, inFlight: 0 });
    const { woken } = world.cluster();
    await world.pass(24 * HOUR);
    expect(world.cluster()).toMatchObject({ state: 'asleep', woken: woken + 3 });
    const asked = world.sweeps.filter(({ minutes, asked: isAsked }) => isAsked && minutes > 25);
    expect(asked).toHaveLength(3);
    // And each sweep has said that it runs.
    expect(world.sweeps.length).toBeGreaterThanOrEqual((24 * HOUR) / 5);
    expect(world.metrics.counts.get('OldestDueAge')).toBe(0);
  });

  it('takes up the next request: its caller has an answer, late', async () => {
    await fallAsleep();
    const { answer, seconds } = await world.waitFor(world.enqueue());
    expect(answer).toMatchObject({ kind: 'stored', answer: { created: true, status: 'pending' } });
    expect(seconds).toBeGreaterThanOrEqual(20);
    expect(seconds).toBeLessThan(25);
    expect(world.cluster().state).toBe('awake');
    expect(world.messages().visible).toBe(1);
  });

  it('refuses the next request for a time, if its caller does not wait that long', async () => {
    await fallAsleep();
    const { answer, seconds } = await world.waitFor(world.enqueue({ waitSeconds: 10 }));
    expect(answer.kind).toBe('failed');
    expect(seconds).toBeLessThanOrEqual(10);
    // The cluster goes on waking: whoever asks again finds it awake.
    await world.pass(0.5);
    expect((await world.waitFor(world.enqueue())).seconds).toBeLessThan(1);
  });
});

describe('a delivery whose message and whose worker are gone', () => {
  it('is found within minutes', async () => {
    await fallAsleep();
    await world.waitFor(world.enqueue());
    world.loseMessages('delivery');
    await world.pass(10);
    expect(world.messages().visible).toBe(1);
  });

  it('is found, also if its process died between row and message', async () => {
    await fallAsleep();
    await world.waitFor(world.enqueue({ dies: true }));
    await world.pass(10);
    expect(world.messages().visible).toBe(1);
  });

  it('is found again and again, as long as it is pending: its marker outlives every sweep', async () => {
    await world.waitFor(world.enqueue({ dies: true }));
    for (let hours = 0; hours < 6; hours++) {
      await world.pass(HOUR);
      expect(world.cluster().state).toBe('awake');
      const { visible, inFlight } = world.markers();
      expect(visible + inFlight).toBe(1);
    }
  });
});

describe('a delivery that is due later', () => {
  it('lets the database sleep, and is handed out in time, though no message reaches so far', async () => {
    await fallAsleep();
    await world.waitFor(world.enqueue({ dueInSeconds: 30 * HOUR * 60 }));
    expect(world.messages()).toMatchObject({ visible: 0, delayed: 0 });
    await world.pass(HOUR);
    expect(world.cluster().state).toBe('asleep');
    const { woken } = world.cluster();
    await world.pass(28 * HOUR + 40);
    expect(world.cluster()).toMatchObject({ state: 'asleep' });
    // Three looks and three ends of sleep a day.
    expect(world.cluster().woken - woken).toBeLessThanOrEqual(9);
    await world.pass(15);
    expect(world.messages()).toMatchObject({ visible: 0, delayed: 1 });
    await world.pass(5.5);
    expect(world.messages()).toMatchObject({ visible: 1, delayed: 0 });
    // When it was due, the database was awake.
    expect(world.cluster().state).toBe('awake');
  });

  it('does not have more and more markers, however often something else is delivered meanwhile', async () => {
    await world.waitFor(world.enqueue({ dueInSeconds: 40 * 24 * HOUR * 60 }));
    const { woken } = world.cluster();
    for (let days = 0; days < 3; days++) {
      for (let n = 0; n < 4; n++) {
        await world.waitFor(world.enqueue());
        await world.pool.query("update webhook_deliveries set status = 'succeeded', scheduled_for = null where id > 1");
        world.loseMessages('delivery');
        await world.pass(6 * HOUR);
        const { visible, inFlight } = world.markers();
        expect(visible + inFlight).toBeGreaterThanOrEqual(1);
        expect(visible + inFlight).toBeLessThanOrEqual(4);
      }
    }
    // Each day four deliveries, three looks, three ends of sleep.
    expect(world.cluster().woken - woken).toBeLessThanOrEqual(3 * 10);
  });

  it('keeps a marker for longer than a queue keeps any message', async () => {
    await world.close();
    world = await IdleWorld.open({ sweepEveryMinutes: 60 });
    await world.waitFor(world.enqueue({ dueInSeconds: 30 * 24 * HOUR * 60 }));
    for (let days = 0; days < 16; days++) {
      await world.pass(24 * HOUR + 1);
      const { visible, inFlight } = world.markers();
      expect(visible + inFlight).toBeGreaterThanOrEqual(1);
    }
  });
});

describe('what has no marker', () => {
  it('is found by one of three looks a day, and from then on as everything else', async () => {
    await fallAsleep();
    await world.pool.query(
      `insert into webhook_deliveries (workflow_run_id, organization_id, webhook_node_id, endpoint_url, payload, awaits_hand_out,
         scheduled_for)
       values (1, 7, 'by hand', 'https://receiver.example/hook', '{}', true, $1)`,
      [new Date(world.time.nowMs()).toISOString()],
    );
    await world.pass(7 * HOUR);
    expect(world.messages().visible).toBe(0);
    await world.pass(HOUR);
    expect(world.messages().visible).toBe(1);
    world.loseMessages('delivery');
    // It had been due for hours: so long is its pause, up to two.
    await world.pass(2 * HOUR + 15);
    expect(world.messages().visible).toBe(1);
  });

  it('is found, also where neither the marker nor the message could be sent; the row is worth more', async () => {
    await fallAsleep();
    const { answer } = await world.waitFor(world.enqueue({ markers: 'a queue that is gone', dies: true }));
    expect(answer.kind).toBe('stored');
    expect(world.metrics.counts.get('InternalFaults')).toBe(2);
    await world.pass(8 * HOUR);
    expect(world.messages().visible).toBe(1);
  });
});
