import type { Asked, Batch, ComeAgain } from './batch-context.ts';

/**
 * Asks for these deliveries again later by sending new messages: a message that is merely not deleted comes back only after
 * the visibility timeout, six times as long as an invocation. Returns the messages to keep because their replacement could
 * not be sent.
 */
export async function putOff(
  asked: readonly (Asked & { delaySeconds: number })[],
  { parts }: Batch,
): Promise<ComeAgain> {
  if (asked.length === 0) return [];
  const messages = asked.flatMap((one) =>
    one.attempts.map((attempt) => {
      const { deliveryId, delaySeconds, messageGroup, lostTokens = [] } = one;
      const message = { deliveryId, attempt, delaySeconds, messageGroup };
      return { one, message: lostTokens.length === 0 ? message : { ...message, lostTokens } };
    }),
  );
  const { unsent } = await parts.queue.send(messages.map(({ message }) => message));
  const kept = new Set(messages.filter(({ message }) => unsent.includes(message)).map(({ one }) => one));
  return [...kept].flatMap(({ messageIds }) => messageIds);
}
