import type { OutgoingMessage } from '../../../shared/delivery/delivery-message.ts';
import { egressPolicy } from '../../../shared/egress/egress-guard.ts';
import { parseEndpointUrl } from '../../../shared/egress/endpoint-url.ts';
import type { IntakeParts } from '../../../shared/enqueue/enqueue-from-intake.ts';
import type { PostponedMessage, RejectedMessage } from '../../../shared/enqueue/intake-message.ts';
import type { CountedMetric } from '../../../shared/observe/metric-names.ts';
import { NOON, type StoreBench } from '../../support/store/store-world.ts';
import { openFakeStore } from '../../support/store/fake-store-world.ts';
import { TurnedClock } from '../../support/time/turned-clock.ts';

const POLICY = egressPolicy({ allowCidrs: [], blockedAuthorities: [] });

/** Gives out UUIDs that count: 1 for the first delivery. */
class NumberingClock extends TurnedClock {
  #given = 0;

  override uuid(): string {
    return uuidOf(++this.#given);
  }
}

/** As with a database of the stack's own, unless a test takes `strictParts`. The clocks stand at noon of 2026-11-23. */
export class EnqueueBench {
  readonly rows: StoreBench = openFakeStore();
  /** Every message that was sent, in order. */
  readonly sent: OutgoingMessage[] = [];
  /** Every message that was moved to the intake dead-letter queue, in order. */
  readonly rejected: RejectedMessage[] = [];
  /** Every message that was told to come again later, in order. */
  readonly postponed: PostponedMessage[] = [];
  readonly counts = new Map<CountedMetric, number>();
  readonly lines: { level: string; event: string; fields: unknown }[] = [];
  /** Which messages cannot be sent. */
  loses: (message: OutgoingMessage | RejectedMessage) => boolean = () => false;
  readonly limit = { untilMonotonicMs: Date.parse(NOON) + 55_000 };
  readonly clock = new NumberingClock();
  readonly parts: IntakeParts;

  constructor() {
    const write = (level: string) => (event: string, fields: unknown) => this.lines.push({ level, event, fields });
    this.parts = {
      store: this.rows.store,
      announcements: this.rows.announcements,
      unknownRuns: 'register',
      queue: {
        send: async (messages) => this.#take(messages, this.sent),
        setAside: async (messages) => ({ unsent: [...messages] }),
      },
      rejected: { put: async (messages) => this.#take(messages, this.rejected) },
      intake: {
        postpone: async (messages) => {
          this.postponed.push(...messages);
          return { untold: [] };
        },
      },
      clock: this.clock,
      answerWithinSeconds: 20,
      log: { info: write('info'), warn: write('warn'), error: write('error') },
      metrics: {
        count: (name, amount = 1) => void this.counts.set(name, (this.counts.get(name) ?? 0) + amount),
        deadLetters: () => undefined,
        milliseconds: () => undefined,
        gauge: () => undefined,
        seconds: () => undefined,
        standing: () => undefined,
        flush: () => undefined,
      },
      context: {
        judgeUrl: (raw) => parseEndpointUrl(raw, POLICY),
        defaultMaxAttempts: 5,
        headerPrefix: 'X-Dograh',
      },
    };
  }

  /** As with an application's database: only the runs it knows. */
  strictParts(): IntakeParts {
    return { ...this.parts, unknownRuns: 'refuse' };
  }

  #take<T extends OutgoingMessage | RejectedMessage>(messages: readonly T[], into: T[]): { unsent: T[] } {
    const unsent = messages.filter((message) => this.loses(message));
    into.push(...messages.filter((message) => !unsent.includes(message)));
    return { unsent };
  }
}

export function uuidOf(count: number): string {
  return `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
}

/** A request that is sound in every way, with these fields changed; undefined leaves one out. */
export function request(change: Record<string, unknown> = {}): Record<string, unknown> {
  const fields = {
    workflow_run_id: 9001,
    organization_id: 7,
    webhook_node_id: 'node',
    endpoint_url: 'https://hooks.example.com/in',
    payload: { ok: true },
    ...change,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** So many sound requests, each of a node of its own. */
export function requests(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => request({ webhook_node_id: `node ${index}` }));
}
