import type { CallLimit } from '../delivery/store-answers.ts';
import { type AnnouncedMessage, announceFromIntake } from './announce-from-intake.ts';
import { parseAnnouncement } from './announce-request.ts';
import type { EnqueueParts } from './enqueue-deliveries.ts';
import { enqueueRequests, type ItemResult, reportFailures } from './enqueue-items.ts';
import { parseEnqueueRequest, type ParsedRequest } from './enqueue-request.ts';
import type { Clock } from '../runtime/clock.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import {
  MAX_BODY_CHARACTERS_TOGETHER,
  MAX_ERROR_MESSAGE_CHARACTERS,
  MAX_QUEUE_MESSAGE_BYTES,
} from '../runtime/limits.ts';
import type { RequestErrorType } from './request-faults.ts';
import {
  ageSecondsOf,
  failedOutcome,
  type IntakeMessage,
  type IntakeOutcome,
  type PostponedMessage,
  type RejectedMessage,
} from './intake-message.ts';
import { readRequestText } from './request-text.ts';
import { pauseForRun } from './run-patience.ts';

export type IntakeParts = EnqueueParts & { intake: IntakeQueue; rejected: RejectedRequests };

export type IntakeQueue = {
  /**
   * Makes messages come again after so many seconds. Never rejects. Returns those it could not tell the queue about, which
   * come again after the queue's own visibility timeout.
   */
  postpone(messages: readonly PostponedMessage[]): Promise<{ untold: PostponedMessage[] }>;
};

/** The intake dead-letter queue, where requests go that can never succeed. */
export type RejectedRequests = {
  /** Returns the messages that could not be put there. */
  put(messages: readonly RejectedMessage[]): Promise<{ unsent: RejectedMessage[] }>;
};

type ReadMessage = IntakeMessage & { input: unknown; parsed: ParsedRequest };

/**
 * Enqueues the requests of a batch of intake messages, and announces what others name. Requests that can never succeed move to the intake dead-letter queue
 * with their reasons; of a batch request only the refused items move. Returns the ids of messages that must come again.
 */
export async function enqueueFromIntake(
  messages: readonly IntakeMessage[],
  parts: IntakeParts,
  limit: CallLimit,
): Promise<{ comeAgain: string[] }> {
  const outcomes = await outcomesOf(messages, parts, limit);
  const failed = outcomes.filter((outcome) => outcome.kind === 'failed');
  const awaited = outcomes.flatMap((outcome) => (outcome.kind === 'postponed' ? [outcome.message] : []));
  const postponed = [...awaited, ...failed.flatMap((outcome) => outcome.postponed)];
  const rejected = outcomes.flatMap((outcome) => (outcome.kind === 'rejected' ? [outcome.message] : []));
  reportFailures(
    'intake_failed',
    failed.flatMap(({ items }) => items),
    parts,
  );
  const [unsent] = await Promise.all([move(rejected, parts), postpone(postponed, parts)]);
  return { comeAgain: [...failed, ...awaited, ...unsent].map(({ messageId }) => messageId) };
}

async function move(rejected: readonly RejectedMessage[], parts: IntakeParts): Promise<RejectedMessage[]> {
  if (rejected.length === 0) return [];
  // The reason may find no room beside a body of almost 1 MiB; here it always does.
  for (const { messageId, body, errorType, errorMessage } of rejected) {
    const reason = errorMessage.slice(0, MAX_ERROR_MESSAGE_CHARACTERS).toWellFormed();
    const fields = { error_type: errorType, error_message: reason, bytes: Buffer.byteLength(body) };
    parts.log.info('intake_refused', { message_id: messageId, ...fields });
  }
  const { unsent } = await parts.rejected.put(rejected);
  parts.metrics.count('IntakeRejected', rejected.length - unsent.length);
  return unsent;
}

async function postpone(postponed: readonly PostponedMessage[], { intake, log }: IntakeParts): Promise<void> {
  if (postponed.length === 0) return;
  const { untold } = await intake.postpone(postponed);
  log.info('intake_postponed', { messages: postponed.length, untold: untold.length });
}

/**
 * All messages at once, as long as their bodies are small: a message of 1 MiB may render a hundred bodies of 256 KiB, and ten
 * such messages would not fit into the function's memory.
 */
async function outcomesOf(
  messages: readonly IntakeMessage[],
  parts: IntakeParts,
  limit: CallLimit,
): Promise<IntakeOutcome[]> {
  const outcomes: IntakeOutcome[] = [];
  const announced: AnnouncedMessage[] = [];
  let together: ReadMessage[] = [];
  let characters = 0;
  for (const message of messages) {
    const read = readMessage(message, parts);
    if ('deliveryUuids' in read) {
      announced.push(read);
      continue;
    }
    together.push(read);
    characters += bodyCharactersOf(read);
    if (characters < MAX_BODY_CHARACTERS_TOGETHER) continue;
    outcomes.push(...(await enqueueTogether(together, parts, limit)));
    together = [];
    characters = 0;
  }
  outcomes.push(...(await enqueueTogether(together, parts, limit)));
  return [...outcomes, ...(await announceFromIntake(announced, parts, limit))];
}

function bodyCharactersOf({ parsed }: ReadMessage): number {
  if (parsed.kind === 'refused') return 0;
  return parsed.items.reduce((sum, item) => sum + (item.kind === 'accepted' ? item.delivery.body.length : 0), 0);
}

async function enqueueTogether(
  read: readonly ReadMessage[],
  parts: IntakeParts,
  limit: CallLimit,
): Promise<IntakeOutcome[]> {
  const requests = read.flatMap(({ parsed }) => (parsed.kind === 'refused' ? [] : [parsed]));
  const results = await enqueueRequests(requests, parts, limit);
  const resultsOf = new Map<ParsedRequest, ItemResult[] | undefined>(
    requests.map((request, index) => [request, results[index]]),
  );
  return read.map((message) => outcomeOf(message, resultsOf.get(message.parsed) ?? [], parts.clock));
}

function readMessage(message: IntakeMessage, { context, clock }: IntakeParts): ReadMessage | AnnouncedMessage {
  const refused = (errorType: RequestErrorType, errorMessage: string): ReadMessage => ({
    ...message,
    input: undefined,
    parsed: { kind: 'refused', errorType, errorMessage },
  });
  if (Buffer.byteLength(message.body) > MAX_QUEUE_MESSAGE_BYTES) {
    return refused('PayloadTooLarge', `more than ${MAX_QUEUE_MESSAGE_BYTES} bytes in all`);
  }
  const read = readRequestText(message.body);
  if (read.kind === 'fault') return refused('InvalidRequest', read.fault);
  const announcement = parseAnnouncement(read.input);
  if (announcement?.kind === 'announcement') return { ...message, deliveryUuids: announcement.deliveryUuids };
  if (announcement !== undefined) return { ...message, input: read.input, parsed: announcement };
  return {
    ...message,
    input: read.input,
    parsed: parseEnqueueRequest(read.input, { ...context, nowMs: clock.nowMs() }),
  };
}

function outcomeOf(message: ReadMessage, results: readonly ItemResult[], clock: Clock): IntakeOutcome {
  const { messageId, receiptHandle, body, parsed } = message;
  if (parsed.kind === 'refused') {
    const { errorType, errorMessage } = parsed;
    return { kind: 'rejected', message: { messageId, body, errorType, errorMessage } };
  }
  const failed = results.filter((result) => result.kind === 'failed');
  if (failed.length > 0) return failedOutcome(message, failed, clock);
  const refused = results.flatMap((result, index) => (result.kind === 'refused' ? [{ ...result, index }] : []));
  const [first] = refused;
  if (first === undefined) return { kind: 'done' };
  const awaitsRun = refused.some(({ errorType }) => errorType === 'WorkflowRunNotFound');
  const pause = awaitsRun ? pauseForRun(ageSecondsOf(message, clock)) : undefined;
  if (pause !== undefined) return { kind: 'postponed', message: { messageId, receiptHandle, seconds: pause } };
  const indexes = new Set(refused.map(({ index }) => index));
  return {
    kind: 'rejected',
    message: {
      messageId,
      body: indexes.size === results.length ? body : onlyItems(message, indexes),
      errorType: first.errorType,
      errorMessage: refused.map(({ errorMessage }) => errorMessage).join('; '),
    },
  };
}

/**
 * The refused items as they came, digits too, with the context they share, so that they can be corrected and sent again. If they
 * are nested too deeply to be serialised, the whole message goes: sending it again does no harm, because the items that were
 * accepted are only found again.
 */
function onlyItems({ input, body }: ReadMessage, indexes: ReadonlySet<number>): string {
  if (!isJsonObject(input) || !Array.isArray(input.deliveries)) return body;
  const deliveries = input.deliveries.filter((_, index) => indexes.has(index));
  try {
    const text = JSON.stringify({ ...input, deliveries });
    // JSON can carry these two characters and SQS cannot. They came as escapes.
    return text.replaceAll('\ufffe', '\\ufffe').replaceAll('\uffff', '\\uffff');
  } catch {
    return body;
  }
}
