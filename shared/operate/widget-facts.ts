import { isJsonObject } from '../runtime/json-object.ts';
import type { WidgetContext } from './dashboard-event.ts';
import type { Inspected, Inspector } from './inspector.ts';

/** What inspect answered of one thing, in JSON's names. */
export type Facts = Readonly<Record<string, unknown>>;
/** A part of the widget: there, or the sentence that says why not. */
export type Part<Value> = { ok: true; value: Value } | { ok: false; because: string };

/** All that the widget shows. */
export type WidgetFacts = {
  /** Endpoints that are down, and whatever an operator holds: those that hold most come first. */
  troubled: Part<{ rows: readonly Facts[]; total: number; isAll: boolean }>;
  /** Standing dead letters of the time shown, by organization and endpoint, the most first. */
  concerned: Part<{ groups: readonly Facts[]; matched: number; isAll: boolean }>;
  /** The newest dead letters that nobody has dealt with. */
  deadLetters: Part<{ rows: readonly Facts[]; unreadable: number; isAll: boolean }>;
  /** The time to which `concerned` belongs. */
  range: { sinceMs: number; untilMs: number };
  drawnAtMs: number;
  dashboardName: string;
};

const DAY_MS = 86_400_000;
/** How many of each the widget shows: what fits on a screen. */
const SHOWN_ENDPOINTS = 20;
const SHOWN_GROUPS = 10;
const SHOWN_DEAD_LETTERS = 15;
const ENDPOINT_PAGE = 200;
/** Pages of endpoints of each state: beyond a thousand it says *at least*. */
const ENDPOINT_PAGES = 5;

/** Asks inspect for everything at once. Never rejects. */
export async function gatherWidgetFacts(
  inspector: Inspector,
  { dashboardName, shownFromMs, shownUntilMs }: WidgetContext,
  nowMs: number,
): Promise<WidgetFacts> {
  const range = { sinceMs: shownFromMs ?? nowMs - DAY_MS, untilMs: shownUntilMs ?? nowMs };
  const died = {
    standing: true,
    dead_since: new Date(range.sinceMs).toISOString(),
    dead_until: new Date(range.untilMs).toISOString(),
  };
  const [held, down, counted, listed] = await Promise.all([
    endpointsThatAre('held', inspector),
    endpointsThatAre('down', inspector),
    inspector.ask({ action: 'count', ...died, by: ['organization', 'endpoint'] }),
    inspector.ask({ action: 'list', standing: true, limit: SHOWN_DEAD_LETTERS }),
  ]);
  return {
    troubled: troubled(held, down),
    concerned: part(counted, (answer) => ({
      groups: rowsOf(answer, 'counts').slice(0, SHOWN_GROUPS),
      matched: numberOf(answer['matched']),
      isAll: answer['complete'] === true && rowsOf(answer, 'counts').length <= SHOWN_GROUPS,
    })),
    deadLetters: part(listed, (answer) => {
      const unreadable = Array.isArray(answer['unreadable']) ? answer['unreadable'].length : 0;
      return { rows: rowsOf(answer, 'deliveries'), unreadable, isAll: answer['next'] === null };
    }),
    range,
    drawnAtMs: nowMs,
    dashboardName,
  };
}

type Endpoints = Part<{ rows: readonly Facts[]; isAll: boolean }>;

async function endpointsThatAre(state: 'held' | 'down', inspector: Inspector): Promise<Endpoints> {
  const rows: Facts[] = [];
  let after: unknown;
  for (let page = 0; page < ENDPOINT_PAGES; page += 1) {
    const asked = { action: 'endpoints', state, limit: ENDPOINT_PAGE, ...(after !== undefined && { after }) };
    const inspected = await inspector.ask(asked);
    if (!inspected.ok) return inspected;
    rows.push(...rowsOf(inspected.answer, 'endpoints'));
    after = inspected.answer['next'];
    if (typeof after !== 'string') return { ok: true, value: { rows, isAll: true } };
  }
  return { ok: true, value: { rows, isAll: false } };
}

function troubled(held: Endpoints, down: Endpoints): WidgetFacts['troubled'] {
  if (!held.ok) return held;
  if (!down.ok) return down;
  const rows = [...held.value.rows, ...down.value.rows].toSorted(
    (a, b) => numberOf(b['held_deliveries']) - numberOf(a['held_deliveries']),
  );
  const isAll = held.value.isAll && down.value.isAll;
  return { ok: true, value: { rows: rows.slice(0, SHOWN_ENDPOINTS), total: rows.length, isAll } };
}

function part<Value>(inspected: Inspected, read: (answer: Facts) => Value): Part<Value> {
  return inspected.ok ? { ok: true, value: read(inspected.answer) } : inspected;
}

function rowsOf(answer: Facts, name: string): Facts[] {
  const rows: unknown = answer[name];
  return Array.isArray(rows) ? rows.filter(isJsonObject) : [];
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
