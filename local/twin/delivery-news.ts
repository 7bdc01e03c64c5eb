import { type JsonObject, parsedJsonObject } from '../json-object.ts';
import type { FunctionLogLine } from '../aws/lambda/service.ts';
import type { Timers } from '../timers.ts';

/** Where the news goes: lines that stay, and one that is overwritten where there is a terminal. */
export type NewsScreen = {
  say(line: string): void;
  /** Undefined takes it away. */
  status(text: string | undefined): void;
};

export type DeliveryNews = {
  /** Tells what an attempt's line means; passes over all others. */
  readLine(line: FunctionLogLine): void;
  /** Takes the countdown away, and tells nothing more. */
  end(): void;
};

const SECOND_MS = 1_000;
/** A person can read so many in a second; what is more is counted. */
const LINES_A_SECOND = 5;
/** The countdown is for somebody who tries things out: of many that wait, one line could tell nothing. */
const MAX_WAITING = 1_000;

type Waiting = { deliveryId: number; attempt: number; dueMs: number };

/** What becomes of deliveries, for a person at the terminal: one line for each attempt, and a countdown to the next one. */
export function createDeliveryNews({ screen, timers }: { screen: NewsScreen; timers: Timers }): DeliveryNews {
  const waiting = new Map<number, Waiting>();
  let said = 0;
  let unsaid = { delivered: 0, failed: 0 };
  let isTicking = false;
  let isOver = false;

  const tick = (): void => {
    if (isOver) return;
    if (unsaid.delivered + unsaid.failed > 0)
      screen.say(`  and more: ${unsaid.delivered} delivered, ${unsaid.failed} failed`);
    said = 0;
    unsaid = { delivered: 0, failed: 0 };
    const nowMs = timers.nowMs();
    for (const [id, { dueMs }] of waiting) if (dueMs <= nowMs) waiting.delete(id);
    const next = [...waiting.values()].toSorted((a, b) => a.dueMs - b.dueMs)[0];
    screen.status(next === undefined ? undefined : countdown(next, waiting.size, nowMs));
    isTicking = next !== undefined;
    if (isTicking) timers.after(SECOND_MS, tick);
  };
  const wake = (): void => {
    if (isTicking) return;
    isTicking = true;
    timers.after(SECOND_MS, tick);
  };

  return {
    readLine({ stream, text }) {
      // Cheap for the many other lines.
      if (isOver || stream !== 'stdout' || !text.includes('"message":"attempt"')) return;
      const line = parsedJsonObject(text);
      if (line?.['message'] !== 'attempt') return;
      const news = newsOf(line);
      if (news === undefined) return;
      waiting.delete(news.deliveryId);
      if (news.nextDueSeconds !== undefined && waiting.size < MAX_WAITING) {
        const { deliveryId, attempt } = news;
        waiting.set(deliveryId, {
          deliveryId,
          attempt: attempt + 1,
          dueMs: timers.nowMs() + news.nextDueSeconds * SECOND_MS,
        });
      }
      if (said < LINES_A_SECOND) screen.say(news.sentence);
      else unsaid[news.isDelivered ? 'delivered' : 'failed'] += 1;
      said += 1;
      wake();
    },
    end() {
      isOver = true;
      screen.status(undefined);
    },
  };
}

type News = {
  deliveryId: number;
  attempt: number;
  isDelivered: boolean;
  nextDueSeconds: number | undefined;
  sentence: string;
};

function newsOf(line: JsonObject): News | undefined {
  const { delivery_id: deliveryId, attempt, max_attempts: of, origin, outcome, status, error_class: errorClass } = line;
  if (typeof deliveryId !== 'number' || typeof attempt !== 'number') return undefined;
  const nextDue = line['next_due_in_seconds'];
  const nextDueSeconds = typeof nextDue === 'number' ? nextDue : undefined;
  const answer = typeof status === 'number' ? String(status) : String(errorClass ?? outcome);
  const about = `  delivery ${deliveryId} to ${String(origin)}: attempt ${attempt} of ${String(of)}`;
  const isDelivered = outcome === 'succeeded';
  return {
    deliveryId,
    attempt,
    isDelivered,
    nextDueSeconds,
    sentence: `${about} ${ending({ isDelivered, answer, nextDueSeconds, outcome })}`,
  };
}

function ending({
  isDelivered,
  answer,
  nextDueSeconds,
  outcome,
}: {
  isDelivered: boolean;
  answer: string;
  nextDueSeconds: number | undefined;
  outcome: unknown;
}): string {
  if (isDelivered) return `delivered (${answer})`;
  if (nextDueSeconds !== undefined) return `failed (${answer}), the next in ${inWords(nextDueSeconds)}`;
  return outcome === 'dead' ? `failed (${answer}), and it is a dead letter now` : `was given back (${answer})`;
}

function countdown({ deliveryId, attempt, dueMs }: Waiting, waiting: number, nowMs: number): string {
  const others = waiting === 1 ? '' : `; ${waiting - 1} more wait`;
  return `  attempt ${attempt} of delivery ${deliveryId} in ${inWords((dueMs - nowMs) / SECOND_MS)}${others}`;
}

function inWords(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 120) return `${whole} s`;
  return whole < 7_200 ? `${Math.round(whole / 60)} min` : `${Math.round(whole / 3_600)} h`;
}
