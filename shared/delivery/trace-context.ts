import { foldedName } from './headers.ts';

/** The trace that a delivery belongs to (W3C Trace Context), as it was handed over: the same in every attempt. */
export type TraceContext = {
  traceparent: string;
  /** Entries separated by commas, without blanks around them. */
  tracestate?: string;
};

/** Version 00 has 55 characters. Later ones may append what nobody knows yet. */
export const MAX_TRACEPARENT_CHARACTERS = 255;
/** Four times what the specification asks everybody to pass on (3.3.1.5). */
const MAX_TRACESTATE_CHARACTERS = 2048;
/** Section 3.3.1.1. */
export const MAX_TRACESTATE_ENTRIES = 32;

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]*)?$/;
/** Keys as in level 2 of the specification, which also takes those of level 1; values without comma, equals sign and last blank. */
const ENTRY = /^([a-z0-9][a-z0-9_\-*/@]{0,255})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** Why a text is no `traceparent` that receivers understand, in fixed words; undefined if it is one. */
export function traceparentFault(text: string): string | undefined {
  if (text.length > MAX_TRACEPARENT_CHARACTERS) return `must have at most ${MAX_TRACEPARENT_CHARACTERS} characters`;
  const [, version, traceId = '', parentId = '', rest] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined) {
    return 'must be version, trace id, parent id and flags in lower-case hex (W3C Trace Context), such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  }
  if (version === 'ff') return 'must not have the version ff';
  if (version === '00' && rest !== undefined) return 'must end after the flags, as version 00 does';
  if (isZero(traceId)) return 'must not have a trace id of zeros';
  return isZero(parentId) ? 'must not have a parent id of zeros' : undefined;
}

/**
 * A `tracestate` as it is kept: entries without the blanks that may stand around them. Empty entries are left out, as whoever
 * reads them would. An empty text is no fault and no state.
 */
export function readTracestate(text: string): { tracestate: string } | { fault: string } {
  const entries = text
    .split(',')
    .map((entry) => entry.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((entry) => entry !== '');
  const tracestate = entries.join(',');
  if (tracestate.length > MAX_TRACESTATE_CHARACTERS) {
    return { fault: `must have at most ${MAX_TRACESTATE_CHARACTERS} characters` };
  }
  if (entries.length > MAX_TRACESTATE_ENTRIES) return { fault: `must have at most ${MAX_TRACESTATE_ENTRIES} entries` };
  const keys = entries.map((entry) => ENTRY.exec(entry)?.[1]);
  const wrong = keys.indexOf(undefined);
  if (wrong >= 0) return { fault: `entry ${wrong + 1} must be key=value (W3C Trace Context)` };
  const repeated = keys.findIndex((key, index) => keys.indexOf(key) < index);
  if (repeated >= 0) return { fault: `entry ${repeated + 1} repeats the key of an earlier one` };
  return { tracestate };
}

/** Reads a row's columns. What was written there past the rules is left out: no trace is worth a delivery. */
export function soundTrace(traceparent: string | undefined, tracestate: string | undefined): TraceContext | undefined {
  if (traceparent === undefined || traceparentFault(traceparent) !== undefined) return undefined;
  const state = readTracestate(tracestate ?? '');
  return 'tracestate' in state && state.tracestate !== ''
    ? { traceparent, tracestate: state.tracestate }
    : { traceparent };
}

/** 32 hex digits: what a trace is looked up by. */
export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35);
}

/** Whether a header says what a delivery's own trace says already. */
export function isTraceHeader(name: string): boolean {
  const folded = foldedName(name);
  return folded === 'traceparent' || folded === 'tracestate';
}

function isZero(hex: string): boolean {
  return /^0+$/.test(hex);
}
