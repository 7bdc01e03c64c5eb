/** Columns as the console takes them from a row: by their type, whatever else a row may hold. */
export type Row = Readonly<Record<string, unknown>>;

export function textOf(row: Row, column: string): string {
  return optionalText(row, column) ?? '';
}

export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(row: Row, column: string): number {
  return optionalNumber(row, column) ?? 0;
}

export function optionalNumber(row: Row, column: string): number | undefined {
  const value = row[column];
  return typeof value === 'number' ? value : undefined;
}

/** Also absent if the column holds `infinity`, which is not an instant. */
export function optionalInstant(row: Row, column: string): Date | undefined {
  const value = row[column];
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined;
}
