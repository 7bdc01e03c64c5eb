import type { ForeignTypes } from '../runtime/foreign-table.ts';
import type { AdoptionPosition } from './adoption-position.ts';
import type { ForeignLook } from './adoption-store.ts';

const INTEGERS = ['smallint', 'integer', 'bigint'];
const TEXTS = ['text', 'character varying', 'uuid'];
const JSONS = ['json', 'jsonb'];
const TIMES = ['timestamp with time zone'];
/** `undefined`: any type, such as an enum of its own. */
const COLUMNS: Readonly<Record<string, readonly string[] | undefined>> = {
  id: INTEGERS,
  delivery_uuid: TEXTS,
  workflow_run_id: INTEGERS,
  organization_id: INTEGERS,
  webhook_name: TEXTS,
  endpoint_url: TEXTS,
  http_method: undefined,
  payload: JSONS,
  custom_headers: JSONS,
  credential_uuid: TEXTS,
  webhook_node_id: TEXTS,
  status: undefined,
  attempt_count: INTEGERS,
  max_attempts: INTEGERS,
  scheduled_for: TIMES,
  last_status_code: INTEGERS,
  last_error: TEXTS,
  created_at: TIMES,
  updated_at: TIMES,
};

/** Why deliveries cannot be moved from or to this table: every reason at once. Empty where they can. */
export function foreignFaults({ columns, rights }: ForeignLook): string[] {
  const lacks = ['select', 'insert', 'update'].filter((right) => !rights.includes(right));
  return [...shapeFaults(columns), ...lacks.map((right) => `the functions' role lacks ${right} on it`)];
}

/** `columns`: their types by name. */
export function shapeFaults(columns: ForeignLook['columns']): string[] {
  return Object.entries(COLUMNS).flatMap(([name, types]) => {
    const type = columns[name];
    if (type === undefined) return [`it has no column ${name}`];
    return types === undefined || types.includes(type)
      ? []
      : [`its column ${name} is ${type}, not ${types.join(' or ')}`];
  });
}

/** Of a table without faults. */
export function foreignTypes({ columns }: Pick<ForeignLook, 'columns'>): ForeignTypes {
  const typeOf = (name: string) => (columns[name] === 'jsonb' ? 'jsonb' : 'json');
  return { json: typeOf('payload'), headersJson: typeOf('custom_headers') };
}

export const FIRST_PASS: AdoptionPosition = { pass: 1, after: '0', waiting: 0, changed: 0, ended: false };

/**
 * What follows a page: the rest of the pass; a further pass, while the last one moved something or left rows that were in flight or
 * locked; or the end.
 */
export function afterPage(
  position: AdoptionPosition,
): { kind: 'go_on' | 'again'; position: AdoptionPosition } | { kind: 'over' } {
  if (!position.ended) return { kind: 'go_on', position };
  const next = { ...FIRST_PASS, pass: position.pass + 1 };
  if (position.changed > 0) return { kind: 'go_on', position: next };
  return position.waiting > 0 ? { kind: 'again', position: next } : { kind: 'over' };
}
