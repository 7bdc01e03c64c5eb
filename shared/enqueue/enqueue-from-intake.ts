import type { CallLimit } from '../delivery/delivery-store.ts';
import { enqueueItems, type EnqueueParts, inBatch, type RejectedMessage } from './enqueue-deliveries.ts';
import { parseEnqueueRequest, type ParsedItem, type ParsedRequest } from './enqueue-request.ts';
import { errorName } from '../observe/redaction.ts';
import { isJsonObject } from '../runtime/json-object.ts';

export type IntakeMessage = { messageId: string; body: string };

type ReadMessage = IntakeMessage & { input: unknown; parsed: ParsedRequest };

/**
 * Enqueues the requests of a batch of intake messages. What can never succeed moves to the intake dead-letter queue with
 * its reasons, and of a batch request only the refused items. Answers the ids of messages that must come again.
 */
export async function enqueueFromIntake(
  messages: readonly IntakeMessage[],
  parts: EnqueueParts,
  limit: CallLimit,
): Promise<{ comeAgain: string[] }> {
  const read = messages.map((message) => readMessage(message, parts));
  const outcomes = await enqueueTogether(read, parts, limit);
  const rejected = outcomes.flatMap(({ rejected }) => rejected ?? []);
  const { unsent } = rejected.length > 0 ? await parts.rejected.put(rejected) : { unsent: [] };
  parts.metrics.count('IntakeRejected', rejected.length - unsent.length);
  const failed = outcomes.flatMap(({ failed }) => failed ?? []);
  return { comeAgain: [...failed, ...unsent.map(({ messageId }) => messageId)] };
}

function readMessage(message: IntakeMessage, { context, clock }: EnqueueParts): ReadMessage {
  let input: unknown;
  try {
    input = JSON.parse(message.body);
  } catch {
    const parsed = { kind: 'refused', errorType: 'InvalidRequest', errorMessage: 'the message is not JSON' } as const;
    return { ...message, input: undefined, parsed };
  }
  return { ...message, input, parsed: parseEnqueueRequest(input, { ...context, nowMs: clock.nowMs() }) };
}

type Outcome = { rejected?: RejectedMessage; failed?: string };

/** All messages in one go; should the database refuse that, each alone, so that one bad message holds back no other. */
async function enqueueTogether(
  read: readonly ReadMessage[],
  parts: EnqueueParts,
  limit: CallLimit,
): Promise<Outcome[]> {
  try {
    const results = await enqueueItems(read.flatMap(itemsOf), parts, limit);
    let next = 0;
    return read.map((message) => {
      const own = results.slice(next, next + itemsOf(message).length);
      next += own.length;
      return outcomeOf(message, own);
    });
  } catch (fault) {
    parts.metrics.count('FaultsOfOurs', 1);
    parts.log.error('intake_failed', { fault: errorName(fault) });
    const [only] = read;
    if (read.length === 1 && only !== undefined) return [{ failed: only.messageId }];
    const alone: Outcome[] = [];
    for (const message of read) alone.push(...(await enqueueTogether([message], parts, limit)));
    return alone;
  }
}

function itemsOf({ parsed }: ReadMessage): readonly ParsedItem[] {
  return parsed.kind === 'refused' ? [] : parsed.items;
}

type Result = Awaited<ReturnType<typeof enqueueItems>>[number];

function outcomeOf(message: ReadMessage, results: readonly Result[]): Outcome {
  const { messageId, body, parsed, input } = message;
  if (parsed.kind === 'refused') {
    const { errorType, errorMessage } = parsed;
    return { rejected: { messageId, body, errorType, errorMessage } };
  }
  const refused = results.flatMap((result, index) => (result.kind === 'refused' ? [{ ...result, index }] : []));
  const [first] = refused;
  if (first === undefined) return {};
  if (parsed.kind === 'one') {
    const { errorType, errorMessage } = first;
    return { rejected: { messageId, body, errorType, errorMessage } };
  }
  const errorMessage = refused.map(({ errorMessage, index }) => inBatch(errorMessage, index)).join('; ');
  const all = refused.length === results.length;
  return {
    rejected: {
      messageId,
      body: all ? body : (onlyItems(input, new Set(refused.map(({ index }) => index)), body) ?? body),
      errorType: first.errorType,
      errorMessage,
    },
  };
}

/**
 * The refused items as they came, so that they can be mended and sent again; undefined where they are nested too deeply
 * to be written, or grow when written (1e20): then the whole message goes, for those that were accepted are only found
 * again.
 */
function onlyItems(input: unknown, indexes: ReadonlySet<number>, body: string): string | undefined {
  const list = isJsonObject(input) ? input['deliveries'] : undefined;
  if (!Array.isArray(list)) return undefined;
  try {
    const text = JSON.stringify({ deliveries: list.filter((_, index) => indexes.has(index)) });
    // The two characters that JSON carries and SQS does not: they came as escapes.
    const escaped = text.replaceAll('\ufffe', '\\ufffe').replaceAll('\uffff', '\\uffff');
    return Buffer.byteLength(escaped) > Buffer.byteLength(body) ? undefined : escaped;
  } catch {
    return undefined;
  }
}
