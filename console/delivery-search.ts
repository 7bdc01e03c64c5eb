import { nameFaults } from './query-faults.ts';
import { TIME_EXAMPLES, typedTime } from './typed-time.ts';
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

const STATES = ['pending', 'succeeded', 'dead_letter'] as const;
export type DeliveryState = (typeof STATES)[number];
export const PENDING_PHASES = ['due', 'in_flight', 'later', 'behind', 'held'] as const;
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
  key: 'ordering_key',
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
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

const NAMES = ['state', 'phase', 'held_by', 'standing', 'q', 'organization', 'reason', 'since', 'until', 'after'];

type Clocks = { zone: Zone; nowMs: number };

/**
 * What a query string asks for, and what of it cannot be understood: where there is any, nothing may be looked up or offered by
 * this search, because it would mean more than was written.
 */
export function readSearch(query: URLSearchParams, clocks: Clocks): { search: DeliverySearch; faults: string[] } {
  const given = (name: string): string => (query.get(name) ?? '').trim();
  const faults = [...nameFaults(query, NAMES)];
  /** The text of a member, said to be wrong where it does not hold. */
  const read = (name: string, holds: (text: string) => boolean, must: string): string | undefined => {
    const text = given(name);
    if (text === '') return undefined;
    if (!holds(text)) faults.push(`${name}: ${must}`);
    return text;
  };
  const stated = read('state', isOneOf(STATES), `must be one of ${STATES.join(', ')}`);
  const state = STATES.find((one) => one === stated);
  const ofPending = ofState(state, 'pending');
  const ofDead = ofState(state, 'dead_letter');
  const phase = read(
    'phase',
    ofPending(isOneOf(PENDING_PHASES)),
    `must be one of ${PENDING_PHASES.join(', ')}, of state=pending`,
  );
  const isTime = (text: string): boolean => typedTime(text, clocks) !== undefined;
  const timeRule = `must be a time such as ${TIME_EXAMPLES}`;
  const search: DeliverySearch = {
    state,
    phase: PENDING_PHASES.find((one) => one === phase),
    heldBy: read('held_by', ofPending(isUuid), 'must be the key of an endpoint, of state=pending')?.toLowerCase(),
    standing: read('standing', ofDead(isOneOf(['1'])), 'must be 1, of state=dead_letter') === '1',
    text: read('q', isSearchable, `must have at most ${MAX_TEXT_CHARACTERS} characters, no NUL`) ?? '',
    organizationId: read('organization', isId, 'must be the number of an organization'),
    reason: read('reason', ofDead(isName), 'must be the name of a reason, of state=dead_letter'),
    since: read('since', isTime, timeRule),
    until: read('until', isTime, timeRule),
    after: read('after', isCursor, 'must be the position that a page before leads to'),
  };
  return { search: { ...search, since: lasting(search.since, clocks), until: lasting(search.until, clocks) }, faults };
}

function isOneOf(values: readonly string[]): (text: string) => boolean {
  return (text) => values.includes(text);
}

/** What has a meaning in one state only. */
function ofState(state: DeliveryState | undefined, only: DeliveryState) {
  return (holds: (text: string) => boolean) =>
    (text: string): boolean =>
      state === only && holds(text);
}

function isUuid(text: string): boolean {
  return UUID.test(text);
}

function isName(text: string): boolean {
  return /^[a-z_]{1,40}$/.test(text);
}

function isCursor(text: string): boolean {
  return CURSOR.test(text);
}

function isSearchable(text: string): boolean {
  return text.length <= MAX_TEXT_CHARACTERS && !text.includes('\0');
}

/** A link means the same to whoever opens it: an instant or an age, no wall clock. What is no time stays as it is. */
function lasting(text: string | undefined, clocks: Clocks): string | undefined {
  if (text === undefined || AGO.test(text) || INSTANT.test(text)) return text;
  return typedTime(text, clocks)?.toISOString() ?? text;
}

/**
 * The query string of what was typed into the search form, whose times are those of its reader; undefined if it is such a link
 * already.
 */
export function linkOfForm(query: URLSearchParams, clocks: Clocks): string | undefined {
  const link = new URLSearchParams([...query].filter(([, value]) => value !== ''));
  let isTyped = false;
  for (const name of ['since', 'until']) {
    const text = query.get(name)?.trim() ?? '';
    const lasts = lasting(text, clocks) ?? text;
    if (lasts === text) continue;
    link.set(name, lasts);
    isTyped = true;
  }
  return isTyped ? `?${link.toString()}` : undefined;
}

/** The search as a query string, `?` included, with `change` applied; empty if nothing is set. */
export function searchQuery(search: DeliverySearch, change: Partial<DeliverySearch> = {}): string {
  const { text, organizationId, heldBy, standing, ...others } = { ...search, ...change };
  const members = { ...others, q: text, organization: organizationId, held_by: heldBy, standing: standing ? '1' : '' };
  const given = Object.entries(members).filter(([, value]) => value !== undefined && value !== '');
  const written = new URLSearchParams(given as [string, string][]).toString();
  return written === '' ? '' : `?${written}`;
}

const EVERYTHING: DeliverySearch = {
  state: undefined,
  phase: undefined,
  heldBy: undefined,
  standing: false,
  text: '',
  organizationId: undefined,
  reason: undefined,
  since: undefined,
  until: undefined,
  after: undefined,
};

/** Only this, whatever else was searched for. */
export function onlyQuery(change: Partial<DeliverySearch>): string {
  return searchQuery({ ...EVERYTHING, ...change });
}

/** Leads to the deliveries of an ordering key; undefined for a key that the search cannot hold, being too long or ending in blanks. */
export function keyQuery(organizationId: string, orderingKey: string): string | undefined {
  const text = `key:${orderingKey}`;
  const target = searchTarget(text.trim());
  const isHeld = isSearchable(text) && target.kind === 'member' && target.value === orderingKey;
  return isHeld ? onlyQuery({ text, organizationId }) : undefined;
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
