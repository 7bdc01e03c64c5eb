/** What a function's answer says about a batch: which messages are done. */
export type BatchVerdict =
  | { kind: 'all succeeded' }
  | { kind: 'some failed'; messageIds: ReadonlySet<string> }
  /** The answer cannot be followed, so nothing counts as done. */
  | { kind: 'all failed'; because: string };

/**
 * Reads a partial batch response by the rules of the AWS manual: no list, a null one or an empty one is a success; an
 * answer that is not JSON, an empty or null identifier, a wrong key, or an unknown message fails the whole batch.
 */
export function batchVerdict(answer: Buffer, messageIds: ReadonlySet<string>): BatchVerdict {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.toString());
  } catch {
    return { kind: 'all failed', because: 'the answer is not JSON' };
  }
  if (parsed === null) return { kind: 'all succeeded' };
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    return { kind: 'all failed', because: 'the answer is not an object' };
  }
  const failures = 'batchItemFailures' in parsed ? parsed.batchItemFailures : undefined;
  if (failures === undefined || failures === null) return { kind: 'all succeeded' };
  if (!Array.isArray(failures)) return { kind: 'all failed', because: 'batchItemFailures is not a list' };
  if (failures.length === 0) return { kind: 'all succeeded' };
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const isObject = typeof failure === 'object' && failure !== null;
    const identifier = isObject && 'itemIdentifier' in failure ? failure.itemIdentifier : undefined;
    if (typeof identifier !== 'string' || !messageIds.has(identifier)) {
      return { kind: 'all failed', because: 'an itemIdentifier names no message of the batch' };
    }
    failed.add(identifier);
  }
  return { kind: 'some failed', messageIds: failed };
}
