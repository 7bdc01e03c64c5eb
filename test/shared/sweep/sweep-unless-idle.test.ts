// Real: the sweep that asks only if there is a marker. Doubles: the queue of markers, the store's answer, the sweep itself, which is
// tested by itself.
import { describe, expect, test } from 'vitest';
import { StoreUnavailable, type WhatIsLeft } from '../../../shared/delivery/store-answers.ts';
import { sweepUnlessIdle } from '../../../shared/sweep/sweep-unless-idle.ts';
import type { HeldMarker } from '../../../shared/sweep/markers.ts';
import type { Metrics } from '../../../shared/observe/metrics.ts';
import { CountedMetrics } from '../../support/protocol/deliver-batch-world.ts';

const NOW_MS = Date.parse('2026-11-27T12:00:00Z');
const NOTHING: WhatIsLeft = { nowMs: NOW_MS, hasWork: false, nextDueSeconds: undefined };
const aged = (seconds: number): HeldMarker => ({
  receiptHandle: `aged ${seconds}`,
  sentAtMs: NOW_MS - seconds * 1000,
});
const OLD = aged(700);
const YOUNG = aged(5);

type Scene = {
  taken?: readonly HeldMarker[] | undefined;
  left?: WhatIsLeft | Error;
  isTold?: boolean;
  takesMarkers?: boolean;
  sweep?: () => Promise<{ complete: boolean }>;
};

/** One sweep, and what it did, in order. */
async function sweeping(scene: Scene) {
  const { taken = [], left = NOTHING, isTold = false, takesMarkers = true } = scene;
  const happened: string[] = [];
  const metrics = new CountedMetrics();
  const names = (markers: readonly HeldMarker[]) => markers.map(({ receiptHandle }) => receiptHandle).join(', ');
  const parts = {
    metrics,
    log: {
      info: (event: string) => void happened.push(`log ${event}`),
      warn: (event: string) => void happened.push(`log ${event}`),
      error: () => undefined,
    },
    store: {
      whatIsLeft: async () => {
        happened.push('ask');
        if (left instanceof Error) throw left;
        return left;
      },
    },
    markers: {
      put: async () => {
        happened.push('put');
        return takesMarkers;
      },
      take: async () => ('taken' in scene && scene.taken === undefined ? undefined : [...taken]),
      hide: async (markers: readonly HeldMarker[], seconds: number) => {
        if (markers.length > 0) happened.push(`hide ${names(markers)} for ${seconds}`);
      },
      remove: async (markers: readonly HeldMarker[]) => {
        if (markers.length > 0) happened.push(`remove ${names(markers)}`);
      },
    },
  };
  const sweep = async (swept: Metrics) => {
    happened.push('sweep');
    // What each sweep reports, and what it counts.
    swept.gauge('EndpointsDown', 1);
    swept.standing(2);
    swept.seconds('OldestDownAge', 7200);
    swept.seconds('OldestDueAge', 3);
    swept.count('PutBack', 1);
    swept.deadLetters('status', 1);
    swept.milliseconds('AttemptDuration', 4);
    swept.flush();
    return scene.sweep === undefined ? { complete: true, buried: 0 } : await scene.sweep();
  };
  const answer = await sweepUnlessIdle(parts, isTold, sweep).catch((fault: unknown) => fault);
  return { happened, answer, counts: Object.fromEntries(metrics.counts) };
}

describe('without a marker', () => {
  test('the database is not asked, and the sign that the sweep runs is given', async () => {
    const { happened, answer, counts } = await sweeping({});
    expect(happened).toEqual(['log sweep_idle']);
    expect(answer).toEqual({ asked: false, oldest_due_seconds: 0, complete: true });
    expect(counts).toEqual({ OldestDueAge: 0 });
  });

  test('a sweep that is told to looks all the same, and puts none where nothing is left', async () => {
    const { happened, answer } = await sweeping({ isTold: true });
    expect(happened).toEqual(['ask', 'sweep', 'ask', 'log markers_judged']);
    expect(answer).toEqual({ complete: true, buried: 0 });
  });

  test('what it finds where nothing is left it counts, and says nothing of states: nobody waits for an endpoint that is down', async () => {
    const { counts } = await sweeping({ isTold: true });
    expect(counts).toEqual({ OldestDueAge: 3, PutBack: 1, 'dead: status': 1 });
    const found = await sweeping({ isTold: true, left: { ...NOTHING, nextDueSeconds: 0 } });
    expect(found.counts).toMatchObject({ EndpointsDown: 1, StandingDeadLetters: 2, OldestDownAge: 7200 });
  });

  test('it puts one before it begins, if it finds anything: it may not reach its end', async () => {
    const { happened } = await sweeping({
      isTold: true,
      left: { ...NOTHING, nextDueSeconds: -3600 },
      sweep: () => Promise.reject(new Error('dies')),
    });
    expect(happened).toEqual(['ask', 'put', 'sweep']);
  });

  test('a marker that could not be put is a fault that is counted', async () => {
    const { happened, counts } = await sweeping({
      isTold: true,
      left: { ...NOTHING, hasWork: true },
      takesMarkers: false,
    });
    expect(happened).toContain('log marker_unput');
    expect(counts).toMatchObject({ InternalFaults: 2 });
  });
});

describe('with markers', () => {
  test('it sweeps, asks at its end, and removes the old ones if nothing is left', async () => {
    const { happened } = await sweeping({ taken: [OLD, YOUNG] });
    expect(happened).toEqual(['sweep', 'ask', 'hide aged 5 for 0', 'remove aged 700', 'log markers_judged']);
  });

  test('it keeps what must stay before it removes anything', async () => {
    const { happened } = await sweeping({
      taken: [OLD, aged(900)],
      left: { ...NOTHING, nextDueSeconds: 4200 },
    });
    expect(happened.slice(2)).toEqual(['hide aged 700 for 3600', 'remove aged 900', 'log markers_judged']);
  });

  test.each<[string, Partial<Scene>]>([
    ['did not reach its end', { sweep: async () => ({ complete: false }) }],
    ['failed', { sweep: () => Promise.reject(new Error('a bug')) }],
    ['could not ask at its end', { left: new StoreUnavailable('away') }],
  ])('a sweep that %s shows them all again and removes none', async (_, scene) => {
    const { happened } = await sweeping({ taken: [OLD, YOUNG], ...scene });
    expect(happened.at(-1)).toBe('hide aged 700, aged 5 for 0');
    expect(happened.join()).not.toContain('remove');
  });

  test('it reports all that a sweep reports', async () => {
    const { counts } = await sweeping({ taken: [OLD] });
    expect(counts).toMatchObject({ EndpointsDown: 1, StandingDeadLetters: 2, OldestDownAge: 7200 });
  });

  test('its failure is the sweep’s failure', async () => {
    const fault = new Error('a bug');
    expect((await sweeping({ taken: [OLD], sweep: () => Promise.reject(fault) })).answer).toBe(fault);
  });
});

test('a queue of markers that does not answer is a reason to sweep', async () => {
  const { happened } = await sweeping({ taken: undefined });
  expect(happened).toEqual(['sweep']);
});
