import { type Outcome, OUTCOME_SOURCE } from '../delivery/outcome.ts';
import { errorName } from '../observe/redaction.ts';
import type { OutcomeBus } from '../outcomes/outcome-bus.ts';
import { outcomeEvent } from '../outcomes/outcome-event.ts';
import { createEventCalls, type Surroundings } from './clients.ts';
import type { EventEntry } from './event-operations.ts';
import { timedTry } from './timed-try.ts';

export type BusSettings = { busArn: string; service: string };

/** "Maximum number of 10 items." (PutEvents) An event of ours has about 700 bytes. */
const ENTRIES = 10;

/** A bus of EventBridge. */
export function createEventBridgeBus({ busArn, service }: BusSettings, surroundings: Surroundings): OutcomeBus {
  const { clock } = surroundings;
  const calls = createEventCalls(surroundings);

  function entryOf(outcome: Outcome): EventEntry {
    const { detailType, atMs, detail } = outcomeEvent(outcome, service);
    return {
      EventBusName: busArn,
      Source: OUTCOME_SOURCE,
      DetailType: detailType,
      Time: atMs / 1000,
      Detail: JSON.stringify(detail),
    };
  }

  /** Those it did not take: EventBridge answers 200, and says of each entry whether it took it. */
  async function putTogether(outcomes: readonly Outcome[], untilMonotonicMs: number): Promise<Unput> {
    try {
      const entries = { Entries: outcomes.map(entryOf) };
      const answer = await timedTry(clock, untilMonotonicMs - clock.monotonicMs(), (abortSignal) =>
        calls.call('PutEvents', entries, { abortSignal }),
      );
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
