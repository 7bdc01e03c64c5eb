import { expect } from 'vitest';
import type { EndpointEvidence } from '../../shared/delivery/endpoint-evidence.ts';
import {
  freshToken,
  LEASE_SECONDS,
  NOON,
  noonAnd,
  settledAs,
  soon,
  type StoreBench,
  stored,
  success,
  verdictOf,
} from '../support/store/store-world.ts';
import { describe, it } from './contract-runner.ts';

const ANSWERING: EndpointEvidence = { endpoint: 'answer', origin: 'answer' };

/** What a store promises about limits of an endpoint, and about what an operator has stopped. */
export function endpointLimitsContract(bench: () => StoreBench): void {
  const ask = async (ids: readonly number[]) => {
    const asked = ids.map((deliveryId) => ({ deliveryId, attempts: [1], token: freshToken() }));
    return await bench().store.claimDeliveries(asked, LEASE_SECONDS, soon());
  };

  describe('limits', () => {
    const url = 'https://receiver.example/hook';

    it('never let more be in flight than allowed, whoever dies', async () => {
      bench().setNow(NOON);
      await bench().setEndpoint(7, url, { maxInFlight: 2 });
      const ids: number[] = [];
      for (let count = 0; count < 5; count++) ids.push(await stored(bench()));
      const first = await ask(ids);
      expect(first.map(verdictOf)).toEqual(['claimed', 'claimed', 'holding', 'holding', 'holding']);
      const [one] = first;
      if (one?.kind !== 'claimed') throw new Error('the first was not claimed');
      const done = { ...settledAs(success, one.delivery), evidence: ANSWERING };
      const { called } = await bench().store.settleDeliveries([done], soon());
      expect(called.map(({ deliveryId }) => deliveryId)).toEqual([ids[2]]);
      expect((await ask(ids.slice(2))).map(verdictOf)).toEqual(['claimed', 'holding', 'holding']);
      bench().setNow(noonAnd(LEASE_SECONDS));
      expect((await ask(ids.slice(3))).map(verdictOf)).toEqual(['claimed', 'claimed']);
    });

    it('of all endpoints give each its row', async () => {
      bench().setRules({ maxInFlight: 1 });
      const ids = [await stored(bench()), await stored(bench())];
      expect((await ask(ids)).map(verdictOf)).toEqual(['claimed', 'holding']);
    });

    it('of requests a second give each its place, a second ahead at most', async () => {
      bench().setNow(NOON);
      await bench().setEndpoint(7, url, { maxPerSecond: 2 });
      const ids: number[] = [];
      for (let count = 0; count < 6; count++) ids.push(await stored(bench()));
      const answers = await ask(ids);
      expect(answers.map(verdictOf)).toEqual(['claimed', 'claimed', 'claimed', 'early', 'early', 'early']);
      expect(answers.map((one) => (one.kind === 'claimed' ? (one.waitMs ?? 0) : undefined))).toEqual([
        0,
        500,
        1000,
        undefined,
        undefined,
        undefined,
      ]);
      expect(answers.map((one) => (one.kind === 'early' ? one.dueInSeconds : undefined)).slice(3)).toEqual([1, 2, 2]);
      bench().setNow(noonAnd(1.2));
      expect(await ask(ids.slice(3))).toMatchObject([
        { kind: 'claimed', waitMs: 300 },
        { kind: 'claimed', waitMs: 800 },
        { kind: 'early' },
      ]);
      // The next place is three seconds after noon.
      bench().setNow(noonAnd(1.6));
      expect(await ask([await stored(bench())])).toMatchObject([{ kind: 'early', dueInSeconds: 1 }]);
    });

    it('let nothing out of what an operator has stopped, and call nobody', async () => {
      await bench().setEndpoint(7, url, { isStopped: true });
      expect(await ask([await stored(bench())])).toMatchObject([
        { kind: 'holding', heldFor: 'stopped', askAgainInSeconds: undefined },
      ]);
    });
  });
}
