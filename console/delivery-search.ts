import { typedTime } from './typed-time.ts';
import type { Zone } from './time-zone.ts';

/** Which deliveries the list shows. */
export type DeliverySearch = {
  state: DeliveryState | undefined;
  /** Of pending ones. */
  phase: PendingPhase | undefined;
  /** Of pending ones: only what the endpoint of this key holds. */
  heldBy: string | undefined;
  /** Of dead letters: only those that nobody has dealt with. */
  standing: boolean;
  /** As typed: see `searchTarget`. */
  text: string;
  organizationId: string | undefined;
  /** `dead_letter_reason` */
  reason: string | undefined;
  /** When they died, of dead letters; else when they were accepted. RFC 3339, or how long ago, such as `24h`. */
  since: string | undefined;
  until: string | undefined;
  /** `next` of the page before. */
  after: string | undefined;
};

export type DeliveryState = 'pending' | 'succeeded' | 'dead_letter';
export const PENDING_PHASES = ['due', 'in_flight', 'later', 'held'] as const;
type PendingPhase = (typeof PENDING_PHASES)[number];

/** What the text asks for: everything, a delivery or the deliveries of a run, or what has this value in this member. */
export type SearchTarget =
  | { kind: 'everything' }
  | { kind: 'number'; id: string }
  | { kind: 'member'; name: SearchedMember; value: string };

const PREFIXES = {
  run: 'workflow_run_id',
  node: 'webhook_node_id',
  name: 'webhook_name',
  credential: 'credential_uuid',
  uuid: 'delivery_uuids',
  host: 'endpoint_host',
  url: 'endpoint_url',
} as const;
type SearchedMember = (typeof PREFIXES)[keyof typeof PREFIXES];

const MAX_TEXT_CHARACTERS = 200;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CURSOR = /^[\dT:.+ -]{10,40}\/\d{1,19}$/;
const AGO = /^\d{1,9}[smhd]$/;

/** Takes the valid parts of a query string and drops the rest: a mistyped link shows more, not an error. */
export function readSearch(query: URLSearchParams): DeliverySearch {
  const given = (name: string): string => (query.get(name) ?? '').trim();
  const state = (['pending', 'succeeded', 'dead_letter'] as const).find((one) => one === given('state'));
  const isPending = state === 'pending';
  return {
    state,
    phase: isPending ? PENDING_PHASES.find((one) => one === given('phase')) : undefined,
    heldBy: isPending && UUID.test(given('held_by')) ? given('held_by').toLowerCase() : undefined,
    standing: state === 'dead_letter' && given('standing') === '1',
    text: given('q').replaceAll('\0', '').slice(0, MAX_TEXT_CHARACTERS).toWellFormed(),
    organizationId: isId(given('organization')) ? given('organization') : undefined,
    reason: state === 'dead_letter' && /^[a-z_]{1,40}$/.test(given('reason')) ? given('reason') : undefined,
    since: timeOfLink(given('since')),
    until: timeOfLink(given('until')),
    after: CURSOR.test(given('after')) ? given('after') : undefined,
  };
}

/** A link means the same to whoever opens it: an instant or an age, no wall clock. */
function timeOfLink(text: string): string | undefined {
  return AGO.test(text) || /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? text : undefined;
}

/**
 * The query string of what was typed into the search form, whose times are those of its reader; undefined if it is such a link
 * already. What is no time is dropped.
 */
export function linkOfForm(query: URLSearchParams, { zone, nowMs }: { zone: Zone; nowMs: number }): string | undefined {
  const typed = ['since', 'until'].filter((name) => {
    const text = query.get(name)?.trim() ?? '';
    return text !== '' && timeOfLink(text) === undefined;
  });
  if (typed.length === 0) return undefined;
  const link = new URLSearchParams([...query].filter(([, value]) => value !== ''));
  for (const name of typed) {
    const at = typedTime(query.get(name)?.trim() ?? '', { zone, nowMs });
    if (at === undefined) link.delete(name);
    else link.set(name, at.toISOString());
  }
  return link.size === 0 ? '' : `?${link.toString()}`;
}

/** The search as a query string, `?` included, with `change` applied; empty if nothing is set. */
export function searchQuery(search: DeliverySearch, change: Partial<DeliverySearch> = {}): string {
  const { text, organizationId, heldBy, standing, ...others } = { ...search, ...change };
  const members = { ...others, q: text, organization: organizationId, held_by: heldBy, standing: standing ? '1' : '' };
  const given = Object.entries(members).filter(([, value]) => value !== undefined && value !== '');
  const written = new URLSearchParams(given as [string, string][]).toString();
  return written === '' ? '' : `?${written}`;
}

/** Only this, whatever else was searched for. */
export function onlyQuery(change: Partial<DeliverySearch>): string {
  return searchQuery({ ...readSearch(new URLSearchParams()), ...change });
}

/** `42` is a delivery or a run, `run:42` a run; a UUID is a delivery, `node:`, `name:`, `credential:` and `url:` say so, else it is a host. */
export function searchTarget(text: string): SearchTarget {
  if (text === '') return { kind: 'everything' };
  if (isId(text)) return { kind: 'number', id: text };
  const [, prefix = '', value = ''] = /^([a-z]+):\s*(.+)$/is.exec(text) ?? [];
  const name = prefix.toLowerCase();
  // A URL by itself is one, too.
  if (name === 'http' || name === 'https') return { kind: 'member', name: 'endpoint_url', value: text };
  if (isPrefix(name)) return { kind: 'member', name: PREFIXES[name], value };
  if (UUID.test(text)) return { kind: 'member', name: 'delivery_uuids', value: text.toLowerCase() };
  return { kind: 'member', name: 'endpoint_host', value: text };
}

function isPrefix(name: string): name is keyof typeof PREFIXES {
  return Object.hasOwn(PREFIXES, name);
}

/** The members of a selection that say what the text asks for; of a number none. */
export function targetMembers(target: SearchTarget): Record<string, unknown> {
  if (target.kind !== 'member') return {};
  const { name, value } = target;
  if (name === 'delivery_uuids') return { delivery_uuids: [value] };
  if (name === 'workflow_run_id') return { workflow_run_id: isId(value) ? Number(value) : value };
  return { [name]: value };
}

/** The members of a selection that the filters beside the text ask for. Ages are counted from now. */
export function filterMembers(search: DeliverySearch, nowMs: number): Record<string, unknown> {
  const { state, organizationId, reason, standing } = search;
  const by = state === 'dead_letter' ? 'dead' : 'created';
  const instant = (text: string | undefined) =>
    text === undefined ? undefined : typedTime(text, { zone: 'UTC', nowMs })?.toISOString();
  const members = {
    status: state,
    organization_id: organizationId === undefined ? undefined : Number(organizationId),
    reason,
    standing: standing ? true : undefined,
    [`${by}_since`]: instant(search.since),
    [`${by}_until`]: instant(search.until),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** An id that JSON has a number for. */
export function isId(text: string): boolean {
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text));
}
