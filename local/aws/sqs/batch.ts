import { isJsonObject, type JsonObject } from '../../json-object.ts';
import { malformedInput, optionalText, prefixedError, SqsError } from './sqs-error.ts';

/** "A single message batch request can include a maximum of 10 messages." (message quotas) */
const MAX_ENTRIES = 10;
/** "A batched message ID can have up to 80 characters: alphanumeric characters, hyphens and underscores." (same) */
const ENTRY_ID = /^[\w-]{1,80}$/;

export type BatchEntry = { id: string; fields: JsonObject };

/** The entries of a batch request; throws for what fails the whole batch. `entryType` is named in the error. */
export function readBatch(request: JsonObject, entryType: string): BatchEntry[] {
  const list = request['Entries'] ?? [];
  if (!Array.isArray(list)) throw malformedInput('Entries must be a list.');
  if (list.length === 0) {
    throw prefixedError('EmptyBatchRequest', `There should be at least one ${entryType} in the request.`);
  }
  if (list.length > MAX_ENTRIES) {
    throw prefixedError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${list.length}.`,
    );
  }
  const entries = list.map(readEntry);
  const seen = new Set<string>();
  for (const { id } of entries) {
    if (seen.has(id)) throw prefixedError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

function readEntry(value: unknown): BatchEntry {
  if (!isJsonObject(value)) throw malformedInput('An entry must be an object.');
  const id = optionalText(value, 'Id') ?? '';
  if (ENTRY_ID.test(id)) return { id, fields: value };
  throw prefixedError(
    'InvalidBatchEntryId',
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  );
}

/**
 * Handles each entry on its own: a refusal of one does not affect the others. Like SQS, leaves out `Successful` or `Failed`
 * when it would be empty.
 */
export function answerBatch(entries: readonly BatchEntry[], act: (fields: JsonObject) => JsonObject): JsonObject {
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const { id, fields } of entries) {
    try {
      successful.push({ Id: id, ...act(fields) });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      failed.push({ Id: id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return {
    ...(successful.length > 0 && { Successful: successful }),
    ...(failed.length > 0 && { Failed: failed }),
  };
}
