import type { CredentialAnswer, CredentialCache } from '../../../shared/credentials/credential-cache.ts';
import type { DeliveryQueue } from '../../../shared/delivery/delivery-queue.ts';
import type { OutcomeBus } from '../../../shared/outcomes/outcome-bus.ts';
import { type CallLimit, StoreUnavailable } from '../../../shared/delivery/store-answers.ts';
import { type Store, verdictOf } from '../store/store-world.ts';
import type { FaultPlan, FaultyProcess } from './protocol-faults.ts';
import type { ProtocolWatch } from './protocol-watch.ts';
import type { VirtualQueue } from './virtual-queue.ts';

/** A store call without a limit of its own: as the Data API adapter has it. */
const STORE_LIMIT_MS = 40_000;
/** As the adapters of SQS and Secrets Manager have it. */
const OTHER_LIMIT_MS = 5000;

/** The ports of the product as a process meets them: each call goes through the plan of faults, and is watched. */
export class ProtocolPorts {
  setAside = 0;
  readonly #plan: FaultPlan;
  readonly #watch: ProtocolWatch;
  readonly #store: Store;
  readonly #queue: VirtualQueue;
  readonly #count: (what: string) => void;
  readonly #looked: () => void;
  readonly #downOf: (deliveryId: number) => readonly string[];

  constructor(
    plan: FaultPlan,
    watch: ProtocolWatch,
    behind: {
      store: Store;
      queue: VirtualQueue;
      count: (what: string) => void;
      downOf: ((deliveryId: number) => readonly string[]) | undefined;
      /** After each look at the rows. */
      looked?: () => void;
    },
  ) {
    this.#plan = plan;
    this.#watch = watch;
    this.#store = behind.store;
    this.#queue = behind.queue;
    this.#count = behind.count;
    this.#downOf = behind.downOf ?? (() => []);
    this.#looked = behind.looked ?? (() => undefined);
  }

  storeOf(process: FaultyProcess): Store {
    const store = this.#store;
    const call = <Answer>(method: keyof Store, effect: () => Promise<Answer>, seen: Seen<Answer> = {}) =>
      this.#callStore(process, { method, effect, ...seen });
    return {
      acceptDeliveries: (deliveries, unknownRuns, limit) =>
        call('acceptDeliveries', () => store.acceptDeliveries(deliveries, unknownRuns, limit), { limit }),
      claimDeliveries: (claims, leaseSeconds, limit) =>
        call('claimDeliveries', () => store.claimDeliveries(claims, leaseSeconds, limit), {
          limit,
          seen: (answers) => {
            answers.forEach((answer) => this.#count(`claim: ${verdictOf(answer)}`));
            for (const { deliveryId } of answers.flatMap((one) => (one.kind === 'claimed' ? [one.delivery] : []))) {
              this.#watch.claimed(deliveryId, this.#downOf(deliveryId));
            }
          },
        }),
      settleDeliveries: (settlements, limit, announced) =>
        call('settleDeliveries', () => store.settleDeliveries(settlements, limit, announced), {
          limit,
          seen: ({ answers, called, turns }) => {
            called.forEach(() => this.#count('endpoint: called'));
            turns.forEach(({ became }) => this.#count(`endpoint: ${became}`));
            answers.forEach(({ ...answer }) => 'isHeld' in answer && this.#count('settle: held'));
            // Of a locked row the database has not said anything yet: the same as before it was asked.
            const locked = new Set(
              answers.filter(({ verdict }) => verdict === 'locked').map((answer) => answer.deliveryId),
            );
            this.#watch.settled(settlements.filter(({ deliveryId }) => !locked.has(deliveryId)));
            answers.forEach(({ verdict }) => this.#count(`settle: ${verdict}`));
          },
        }),
      releaseDeliveries: (releases, limit) =>
        call('releaseDeliveries', () => store.releaseDeliveries(releases, limit), {
          limit,
          seen: (answers) => answers.forEach(({ kind }) => this.#count(`release: ${kind}`)),
        }),
      putBackDeliveries: (page, limit) =>
        call('putBackDeliveries', () => store.putBackDeliveries(page), {
          limit,
          seen: (swept) => swept.forEach(() => this.#count('sweep: put back')),
        }),
      restoreMessages: (page, limit) => call('restoreMessages', () => store.restoreMessages(page), { limit }),
      noteAttempt: (settled, limit) =>
        call('noteAttempt', () => store.noteAttempt(settled, limit), {
          limit,
          seen: () => this.#count('noted'),
        }),
      listDueDeliveries: (page) => call('listDueDeliveries', () => store.listDueDeliveries(page)),
      listUncountedDeaths: (rows, among) => call('listUncountedDeaths', () => store.listUncountedDeaths(rows, among)),
      markDeathsCounted: (deaths) => call('markDeathsCounted', () => store.markDeathsCounted(deaths)),
      buryDeliveries: (page, limit) =>
        call('buryDeliveries', () => store.buryDeliveries(page, limit), {
          limit,
          seen: (buried) => buried.forEach(() => this.#count('sweep: buried')),
        }),
      callHeldDeliveries: (page) =>
        call('callHeldDeliveries', () => store.callHeldDeliveries(page), {
          seen: ({ called }) => called.forEach(() => this.#count('sweep: called')),
        }),
      listOutcomes: (page) => call('listOutcomes', () => store.listOutcomes(page)),
      clearOutcomes: (ids, limit) => call('clearOutcomes', () => store.clearOutcomes(ids), { limit }),
      forgetEndpoints: (rows) => call('forgetEndpoints', () => store.forgetEndpoints(rows)),
      goOnInOrder: (step, leaseSeconds, limit) =>
        call('goOnInOrder', () => store.goOnInOrder(step, leaseSeconds, limit), {
          limit,
          seen: (answer) => {
            this.#count(`order: ${answer === undefined ? 'not gone on' : 'gone on'}`);
            if (answer?.kind !== 'claimed') return;
            this.#watch.settled([step.settled]);
            this.#watch.claimed(answer.delivery.deliveryId, this.#downOf(answer.delivery.deliveryId));
          },
        }),
      forgetOrderingKeys: (rows) => call('forgetOrderingKeys', () => store.forgetOrderingKeys(rows)),
      callNextDeliveries: (keys, limit) =>
        call('callNextDeliveries', () => store.callNextDeliveries(keys), {
          limit,
          seen: (next) => next.forEach(() => this.#count('order: next called')),
        }),
      measureEndpoints: () => call('measureEndpoints', () => store.measureEndpoints()),
      oldestDueSeconds: () => call('oldestDueSeconds', () => store.oldestDueSeconds()),
      whatIsLeft: () => call('whatIsLeft', () => store.whatIsLeft()),
      countMatches: (look, asked) => call('countMatches', () => store.countMatches(look, asked)),
      findMatches: (look) => call('findMatches', () => store.findMatches(look)),
      findNamed: (named) => call('findNamed', () => store.findNamed(named)),
      openOrder: (order) => call('openOrder', () => store.openOrder(order)),
      changeEndpoint: (order) => call('changeEndpoint', () => store.changeEndpoint(order)),
      findOrders: (search) => call('findOrders', () => store.findOrders(search)),
      listUnfinishedOrders: (rows) => call('listUnfinishedOrders', () => store.listUnfinishedOrders(rows)),
      takeOrder: (orderId, worker) => call('takeOrder', () => store.takeOrder(orderId, worker)),
      restPage: (page) =>
        call('restPage', () => store.restPage(page), {
          seen: (answers) => {
            const resting = answers.filter(({ isAtRest }) => isAtRest).map(({ deliveryId }) => deliveryId);
            resting.forEach(() => this.#count('order: put to rest'));
            this.#watch.putToRest(resting);
          },
        }),
      recordProgress: (progress) => call('recordProgress', () => store.recordProgress(progress)),
      changeOrder: (orderId, verb) => call('changeOrder', () => store.changeOrder(orderId, verb)),
      workPage: (page) =>
        call('workPage', () => store.workPage(page), {
          seen: (answers = []) => {
            const changed = answers.filter(({ verdict }) => verdict === 'changed').map(({ deliveryId }) => deliveryId);
            changed.forEach(() => this.#count(`order: ${page.action}`));
            if (page.action === 'redeliver') this.#watch.redelivered(changed);
          },
        }),
    };
  }

  queueOf(process: FaultyProcess): DeliveryQueue {
    return {
      send: (messages) =>
        this.#plan.call(process, {
          port: 'queue.send',
          limitMs: OTHER_LIMIT_MS,
          effect: () => {
            this.#watch.sending(messages.map(({ deliveryId }) => deliveryId));
            this.#queue.put(messages);
            return { unsent: [] };
          },
          failed: () => ({ unsent: [...messages] }),
        }),
      setAside: (messages) =>
        this.#plan.call(process, {
          port: 'queue.setAside',
          limitMs: OTHER_LIMIT_MS,
          effect: () => {
            this.setAside += messages.length;
            return { unsent: [] };
          },
          failed: () => ({ unsent: [...messages] }),
        }),
    };
  }

  busOf(process: FaultyProcess): OutcomeBus {
    return {
      put: (outcomes) =>
        this.#plan.call<Awaited<ReturnType<OutcomeBus['put']>>>(process, {
          port: 'bus.put',
          limitMs: OTHER_LIMIT_MS,
          effect: () => {
            for (const outcome of outcomes) this.#count(`event: ${outcome.type}`);
            this.#watch.told(outcomes);
            return { unput: [] };
          },
          failed: () => ({ unput: [...outcomes], because: 'InternalFailure' }),
        }),
    };
  }

  credentialsOf(process: FaultyProcess): Pick<CredentialCache, 'resolve' | 'resolvePast'> {
    return {
      resolve: () =>
        this.#plan.call<CredentialAnswer>(process, {
          port: 'credentials.resolve',
          limitMs: OTHER_LIMIT_MS,
          effect: () => ({
            kind: 'resolved',
            name: 'webhook-credentials/1/of-the-bench',
            credential: {
              headers: [],
              signingSecrets: [],
              secretValues: [],
              fingerprint: 'same',
            },
          }),
          failed: () => ({
            kind: 'unavailable',
            detail: 'Secrets Manager did not answer',
          }),
        }),
      resolvePast: () => Promise.reject(new Error('no receiver of the bench answers 401 or 403')),
    };
  }

  #callStore<Answer>(
    process: FaultyProcess,
    { method, effect, limit, seen }: Seen<Answer> & { method: keyof Store; effect: () => Promise<Answer> },
  ): Promise<Answer> {
    const limitMs = limit === undefined ? STORE_LIMIT_MS : limit.untilMonotonicMs - process.clock.monotonicMs();
    return this.#plan.call(process, {
      port: `store.${method}` as const,
      limitMs: Math.max(0, limitMs),
      effect: async () => {
        const answer = await effect();
        seen?.(answer);
        await this.#watch.look();
        this.#looked();
        return answer;
      },
      failed: () => {
        throw new StoreUnavailable('the database could not be asked');
      },
    });
  }
}

type Seen<Answer> = { limit?: CallLimit | undefined; seen?: (answer: Answer) => void };
