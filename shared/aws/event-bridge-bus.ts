import type {
  EventBridgeClient,
  EventBridgeClientConfig,
  PutEventsCommand,
  PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { type Outcome, OUTCOME_SOURCE } from '../delivery/outcome.ts';
import { errorName } from '../observe/redaction.ts';
import type { OutcomeBus } from '../outcomes/outcome-bus.ts';
import { outcomeEvent } from '../outcomes/outcome-event.ts';
import type { Clock } from '../runtime/clock.ts';
import { timedTry } from './timed-try.ts';

export type BusSettings = { busArn: string; service: string };

/** "Maximum number of 10 items." (PutEvents) An event of ours has about 700 bytes. */
const ENTRIES = 10;
const CONNECT_TIMEOUT_MS = 500;
/** Two tries within the second that a worker waits. */
const TRY_TIMEOUT_MS = 2_000;
const MAX_TRIES = 2;

/**
 * A bus of EventBridge. The client is loaded when it is first needed: most workers never have anything to announce. `config` holds
 * what differs from the environment's defaults, such as an endpoint.
 */
export function createEventBridgeBus(
  { busArn, service }: BusSettings,
  clock: Clock,
  config: EventBridgeClientConfig = {},
): OutcomeBus {
  let loading: Promise<LoadedClient> | undefined;
  const loaded = () => {
    loading ??= load(config).catch((error: unknown) => {
      // One bad load must not break the process for good.
      loading = undefined;
      throw error;
    });
    return loading;
  };

  function entryOf(outcome: Outcome): PutEventsRequestEntry {
    const { detailType, atMs, detail } = outcomeEvent(outcome, service);
    return {
      EventBusName: busArn,
      Source: OUTCOME_SOURCE,
      DetailType: detailType,
      Time: new Date(atMs),
      Detail: JSON.stringify(detail),
    };
  }

  /** Those it did not take: EventBridge answers 200, and says of each entry whether it took it. */
  async function putTogether(outcomes: readonly Outcome[], untilMonotonicMs: number): Promise<Unput> {
    try {
      const answer = await timedTry(clock, untilMonotonicMs - clock.monotonicMs(), async (abortSignal) => {
        const { client, PutEventsCommand } = await loaded();
        return await client.send(new PutEventsCommand({ Entries: outcomes.map(entryOf) }), { abortSignal });
      });
      const codes = outcomes.map((_, index) => codeOf(answer.Entries?.[index]));
      const because = codes.find((code) => code !== undefined);
      return { unput: outcomes.filter((_, index) => codes[index] !== undefined), ...(because && { because }) };
    } catch (error) {
      return { unput: [...outcomes], because: errorName(error) };
    }
  }

  return {
    async put(outcomes, { untilMonotonicMs }) {
      const unput: Outcome[] = [];
      let because: string | undefined;
      for (let start = 0; start < outcomes.length; start += ENTRIES) {
        const together = outcomes.slice(start, start + ENTRIES);
        const isTooLate = clock.monotonicMs() >= untilMonotonicMs;
        const missed = isTooLate
          ? { unput: together, because: 'no time' }
          : await putTogether(together, untilMonotonicMs);
        unput.push(...missed.unput);
        because ??= missed.because;
        if (missed.unput.length < together.length) continue;
        unput.push(...outcomes.slice(start + ENTRIES));
        break;
      }
      return { unput, ...(because !== undefined && { because }) };
    },
  };
}

type Unput = { unput: Outcome[]; because?: string };

/** Undefined: it was taken. An answer that says nothing of an entry has not taken it. */
function codeOf(
  entry: { EventId?: string | undefined; ErrorCode?: string | undefined } | undefined,
): string | undefined {
  if (entry?.ErrorCode !== undefined) return entry.ErrorCode;
  return entry?.EventId === undefined ? 'no answer for the entry' : undefined;
}

type LoadedClient = { client: EventBridgeClient; PutEventsCommand: typeof PutEventsCommand };

async function load(config: EventBridgeClientConfig): Promise<LoadedClient> {
  const sdk = await import('@aws-sdk/client-eventbridge');
  const client = new sdk.EventBridgeClient({
    maxAttempts: MAX_TRIES,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: TRY_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  return { client, PutEventsCommand: sdk.PutEventsCommand };
}
