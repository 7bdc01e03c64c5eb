// How the product gets through outages that last for hours, in virtual time. Real: deliver, attempt, sweep, the rules of endpoints,
// all with their default settings. Doubles: the store (in memory, held to the contract of the real one), the queue, receivers, time.
import { describe, expect, it } from 'vitest';
import { OutageBench } from '../support/protocol/outage-world.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

describe('an outage of two hours', () => {
  it('with 4,000 deliveries costs 14 requests beside those under way when it began, and none of the deliveries', async () => {
    const bench = new OutageBench(({ atSeconds }) => (atSeconds < 2 * HOUR ? undefined : { status: 204 }));
    await enqueueOverTime(bench, { count: 4000, seconds: 2 * HOUR });
    const later = bench.requests.filter(({ atSeconds }) => atSeconds > 1);
    expect(later.map(({ inFlight }) => inFlight)).toEqual(Array.from({ length: 14 }, () => 1));
    // The first ten came together.
    expect(bench.requests.length - later.length).toBeLessThanOrEqual(20);
    // And one event: nobody is woken 4,000 times.
    expect(bench.told.map(({ type }) => type)).toEqual(['down']);
    expect(bench.ends()).toEqual({ pending: 4000 });
  });

  it('is over within eleven minutes of its end: two in flight, then as many more as are answered', async () => {
    const bench = new OutageBench(({ atSeconds }) => (atSeconds < 2 * HOUR ? undefined : { status: 204, afterMs: 50 }));
    await enqueueOverTime(bench, { count: 200, seconds: 2 * HOUR });
    expect(await bench.runUntilOver(3 * HOUR)).toBeLessThanOrEqual(2 * HOUR + 660);
    expect(bench.ends()).toEqual({ succeeded: 200 });
    expect(bench.told.map(({ type }) => type)).toEqual(['down', 'up']);
    const answered = bench.requests.filter(({ status }) => status === 204);
    const allowed = answered.map((_, nth) => Math.max(1, nth + 1));
    expect(answered.filter(({ inFlight }, nth) => inFlight > (allowed[nth] ?? 0))).toEqual([]);
    expect(answered.slice(0, 3).map(({ inFlight }) => inFlight)).toEqual([1, 1, 2]);
  });
});

describe('what has waited for a receiver that bears 100 requests a second', () => {
  it('goes out at 95 a second or more where it serves one after the other', async () => {
    let isFreeAt = 0;
    const bench = new OutageBench(({ atSeconds }) => {
      if (atSeconds < HOUR) return { status: 503 };
      isFreeAt = Math.max(isFreeAt, atSeconds) + 1 / 100;
      return { status: 204, afterMs: (isFreeAt - atSeconds) * 1000 };
    });
    expect(1000 / (await secondsToRecover(bench, 1000))).toBeGreaterThanOrEqual(95);
    expect(bench.ends()).toEqual({ succeeded: 1000 });
  });

  it('loses nothing where it refuses what is more, and slows down instead of beginning again', async () => {
    let lastSecond: number[] = [];
    const bench = new OutageBench(({ atSeconds }) => {
      if (atSeconds < HOUR) return { status: 503 };
      lastSecond = lastSecond.filter((at) => at > atSeconds - 1);
      if (lastSecond.length >= 100) return { status: 503, afterMs: 50 };
      lastSecond.push(atSeconds);
      return { status: 204, afterMs: 50 };
    });
    expect(await secondsToRecover(bench, 1000)).toBeLessThanOrEqual(180);
    expect(bench.ends()).toEqual({ succeeded: 1000 });
  });
});

describe('one webhook an hour to a receiver that is away for a day', () => {
  const away = ({ atSeconds }: { atSeconds: number }) => (atSeconds < DAY ? undefined : { status: 204 });

  it('costs the first of them, which had used up its attempts before anybody could know', async () => {
    const bench = new OutageBench(away);
    await enqueueOverTime(bench, { count: 24, seconds: DAY });
    await bench.runUntilOver(DAY + 2 * HOUR);
    expect(bench.ends()).toEqual({ succeeded: 23, 'dead_letter: connection': 1 });
  });

  it('costs none of them with WEBHOOK_ENDPOINT_EXHAUSTED=hold', async () => {
    const bench = new OutageBench(away, { exhausted: 'hold' });
    await enqueueOverTime(bench, { count: 24, seconds: DAY });
    await bench.runUntilOver(DAY + 2 * HOUR);
    expect(bench.ends()).toEqual({ succeeded: 24 });
  });

  it('costs all of them where no endpoint is ever down', async () => {
    const bench = new OutageBench(away, { downAfterFailures: 0 });
    await enqueueOverTime(bench, { count: 24, seconds: DAY });
    await bench.runUntilOver(DAY + 2 * HOUR);
    expect(bench.ends()).toEqual({ 'dead_letter: connection': 24 });
  });
});

/** Evenly, ten at a time where there are enough. */
async function enqueueOverTime(bench: OutageBench, { count, seconds }: { count: number; seconds: number }) {
  const together = count >= 200 ? 10 : 1;
  for (let nth = 0; nth < count; nth += together) {
    await bench.runUntil((nth * seconds) / count);
    await bench.enqueue(together);
  }
  await bench.runUntil(seconds);
}

/** From the first answer to the last, after an hour's outage in which so many were enqueued. */
async function secondsToRecover(bench: OutageBench, count: number): Promise<number> {
  await enqueueOverTime(bench, { count, seconds: HOUR });
  const overAt = await bench.runUntilOver(2 * HOUR);
  const first = bench.requests.find(({ status }) => status === 204);
  if (first === undefined) throw new Error('nothing arrived');
  return overAt - first.atSeconds;
}
