import { MAX_ROW_BYTES } from './call-limits.ts';
import { DataApiFault } from './fault.ts';
import { fieldWriter } from './fields.ts';
import type { DataApiRequest } from './request.ts';
import type { Session } from './sessions.ts';
import type { StatementResult } from './statement.ts';

/** Commands whose tag counts what they changed: `INSERT 0 3`, `UPDATE 3`. */
const COUNTED = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/;

/**
 * Writes the body of an ExecuteStatement answer. Types and columns not seen before are read on the session, which must
 * therefore still be in use.
 */
export async function writeResult(session: Session, result: StatementResult, request: DataApiRequest): Promise<string> {
  const { columns, rows, tag } = result;
  const { types, columns: describer } = session.database;
  if (columns.length === 0) {
    // "The generatedFields data isn't supported by Aurora PostgreSQL."
    return `{"generatedFields":[],"numberOfRecordsUpdated":${COUNTED.exec(tag)?.[1] ?? 0}}`;
  }
  const columnTypes = await types.read(
    session.client,
    columns.map((column) => column.dataTypeID),
  );
  const writers = columnTypes.map((type) => fieldWriter(type, request.resultOptions));
  const records = rows.map((row) => row.map((text, index) => writers[index]?.(text) ?? '{"isNull":true}'));
  for (const record of records) refuseLargeRow(record);
  // "This parameter only applies to SELECT statements and is ignored for other types of statements."
  if (request.formatRecordsAs === 'JSON' && tag.startsWith('SELECT')) {
    const labels = columns.map((column) => JSON.stringify(column.name));
    return `{"formattedRecords":${JSON.stringify(formatAsJson(labels, records))},"numberOfRecordsUpdated":0}`;
  }
  const metadata = request.includeResultMetadata
    ? `"columnMetadata":${JSON.stringify(await describer.describe(session.client, columns, columnTypes))},`
    : '';
  return `{${metadata}"numberOfRecordsUpdated":0,"records":[${records.map((record) => `[${record.join(',')}]`).join(',')}]}`;
}

function refuseLargeRow(record: readonly string[]): void {
  const bytes = record.reduce((sum, field) => sum + Buffer.byteLength(field) + 1, 1);
  if (bytes > MAX_ROW_BYTES) {
    throw new DataApiFault(
      'UnsupportedResultException',
      'The result contains a row that exceeds the size limit 64 KB.',
    );
  }
}

/** "The result set as a single JSON string": an object per row, with only the value of each Field. */
function formatAsJson(labels: readonly string[], records: readonly (readonly string[])[]): string {
  const objects = records.map((record) => {
    const members = record.map((field, index) => `${labels[index]}:${valueOf(field)}`);
    return `{${members.join(',')}}`;
  });
  return `[${objects.join(',')}]`;
}

function valueOf(field: string): string {
  if (field === '{"isNull":true}') return 'null';
  const value = field.slice(field.indexOf(':') + 1, -1);
  return field.startsWith('{"arrayValue"') ? value.slice(value.indexOf(':') + 1, -1) : value;
}
