/** Which deliveries the list shows. */
export type DeliverySearch = {
  state: DeliveryState | undefined;
  /** As typed: `42` (a delivery or a run), `run:42`, a UUID, `host:a.example`, or a part of the endpoint's host. */
  text: string;
  organizationId: string | undefined;
  /** `dead_letter_reason` */
  reason: string | undefined;
  /** Position after which the page begins; the form depends on the order, see `delivery-list.ts`. */
  after: string | undefined;
};

export type DeliveryState = 'pending' | 'succeeded' | 'dead_letter';

/** What the text asks for. */
export type SearchTarget =
  | { kind: 'everything' }
  | { kind: 'number'; id: string }
  | { kind: 'run'; id: string }
  | { kind: 'uuid'; uuid: string }
  /** The whole name, whatever the port. */
  | { kind: 'host'; host: string }
  | { kind: 'host_part'; part: string };

const MAX_TEXT_CHARACTERS = 200;
const MAX_BIGINT = 2n ** 63n - 1n;

/** Takes the valid parts of a query string and drops the rest: a mistyped link shows more, not an error. */
export function readSearch(query: URLSearchParams): DeliverySearch {
  const state = query.get('state');
  const organization = query.get('organization') ?? '';
  const reason = query.get('reason') ?? '';
  return {
    state: state === 'pending' || state === 'succeeded' || state === 'dead_letter' ? state : undefined,
    // PostgreSQL accepts no NUL in text.
    text: (query.get('q') ?? '').replaceAll('\0', '').trim().slice(0, MAX_TEXT_CHARACTERS).toWellFormed(),
    organizationId: isRowId(organization) ? organization : undefined,
    reason: /^[a-z_]{1,40}$/.test(reason) ? reason : undefined,
    after: query.get('after') ?? undefined,
  };
}

/** The search as a query string, `?` included, with `change` applied; empty if nothing is set. */
export function searchQuery(search: DeliverySearch, change: Partial<DeliverySearch> = {}): string {
  const { state, text, organizationId, reason, after } = { ...search, ...change };
  const query = new URLSearchParams();
  if (state !== undefined) query.set('state', state);
  if (text !== '') query.set('q', text);
  if (organizationId !== undefined) query.set('organization', organizationId);
  if (reason !== undefined) query.set('reason', reason);
  if (after !== undefined) query.set('after', after);
  const written = query.toString();
  return written === '' ? '' : `?${written}`;
}

export function searchTarget(text: string): SearchTarget {
  if (text === '') return { kind: 'everything' };
  if (isRowId(text)) return { kind: 'number', id: text };
  const run = /^run:\s*(\d+)$/i.exec(text)?.[1];
  if (run !== undefined && isRowId(run)) return { kind: 'run', id: run };
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return { kind: 'uuid', uuid: text.toLowerCase() };
  const host = /^host:\s*([^\s:/\\?#@[\]]+|\[[\da-f:.]+\])$/i.exec(text)?.[1];
  if (host !== undefined) return { kind: 'host', host: host.toLowerCase() };
  return { kind: 'host_part', part: text.toLowerCase() };
}

/** Digits that PostgreSQL accepts as a bigint. */
export function isRowId(text: string): boolean {
  return /^\d{1,19}$/.test(text) && BigInt(text) <= MAX_BIGINT;
}
