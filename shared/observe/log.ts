import { MAX_LOG_LINE_CHARACTERS } from '../runtime/limits.ts';
import type { HeaderPair } from '../delivery/headers.ts';
import { type TraceContext, traceIdOf } from '../delivery/trace-context.ts';
import type { LogPayload } from './log-payload.ts';
import { payloadInLog } from './redact-payload.ts';
import { redactHeaders, redactUrl, type LogValue } from './redaction.ts';

/** What a line carries besides its event. The excluded names are reserved for the line itself. */
export type LogFields = { readonly [name: string]: LogValue | undefined } & {
  readonly level?: never;
  readonly message?: never;
  readonly timestamp?: never;
  readonly service?: never;
  readonly sampling_rate?: never;
};

/** Where log lines go. `event` is a fixed name in snake_case; fields hold nothing from outside that is not redacted. */
export type Log = {
  info(event: string, fields: LogFields): void;
  warn(event: string, fields: LogFields): void;
  error(event: string, fields: LogFields): void;
};

/** The logger itself fills about this much of a line: level, time, service, function, request and trace ids. */
const ENVELOPE_CHARACTERS = 1_000;
/** Room for a line's own fields. */
const FIELD_CHARACTERS = MAX_LOG_LINE_CHARACTERS - ENVELOPE_CHARACTERS;
const MAX_DETAIL_CHARACTERS = 500;

/** One attempt as the worker knows it when it is settled. */
export type AttemptFacts = {
  deliveryId: number;
  deliveryUuid: string;
  organizationId: number;
  workflowRunId: number;
  trace?: TraceContext;
  attempt: number;
  maxAttempts: number;
  method: string;
  url: string;
  /** As sent; empty when nothing was. */
  headers: readonly HeaderPair[];
  headerPrefix: string;
  /** The frozen body, and what is shown of it. */
  body: string;
  logPayload: LogPayload;
  /** What became of the attempt, and what the settle said where that is something else. */
  outcome: string;
  settled?: string;
  status?: number;
  errorClass?: string;
  /** Fixed words. */
  detail?: string;
  durationMs: number;
  /** Undefined when the delivery will not be tried again by itself. */
  nextDueInSeconds?: number;
};

/** The fields of the one line of an attempt. Names are stable: people's queries rely on them. */
export function attemptLine(facts: AttemptFacts): LogFields {
  return {
    delivery_id: facts.deliveryId,
    delivery_uuid: facts.deliveryUuid,
    organization_id: facts.organizationId,
    workflow_run_id: facts.workflowRunId,
    // Of the caller's trace. What X-Ray makes of this invocation is `xray_trace_id`.
    trace_id: facts.trace && traceIdOf(facts.trace),
    attempt: facts.attempt,
    max_attempts: facts.maxAttempts,
    method: facts.method,
    origin: redactUrl(facts.url),
    outcome: facts.outcome,
    settled: facts.settled,
    status: facts.status,
    error_class: facts.errorClass,
    detail: facts.detail?.slice(0, MAX_DETAIL_CHARACTERS),
    duration_ms: Math.round(facts.durationMs),
    next_due_in_seconds: facts.nextDueInSeconds,
    headers: redactHeaders(facts.headers, facts.headerPrefix),
    payload: payloadInLog(facts.body, facts.logPayload),
  };
}

/**
 * A log whose lines are at most 8,000 characters and which never throws: no outcome may depend on a log line. Pass the fields
 * as a function if making them could also throw.
 */
export function safeLog(log: Log): SafeLog {
  const write = (level: 'info' | 'warn' | 'error') => (event: string, fields: LogFields | (() => LogFields)) => {
    try {
      log[level](event, boundFields(typeof fields === 'function' ? fields() : fields));
    } catch {
      // There is nowhere left to report it.
    }
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** Like `Log`, but also takes fields that are made only when the line is written. */
export type SafeLog = {
  [level in keyof Log]: (event: string, fields: LogFields | (() => LogFields)) => void;
};

/** Drops the largest fields first, until the rest fits. */
function boundFields(fields: LogFields): LogFields {
  const sizes = Object.entries(fields).map(([name, value]) => ({ name, size: sizeOf(name, value) }));
  let total = sizes.reduce((sum, { size }) => sum + size, 0);
  if (total <= FIELD_CHARACTERS) return fields;
  const bounded: Record<string, LogValue | undefined> = { ...fields };
  for (const { name, size } of sizes.toSorted((a, b) => b.size - a.size)) {
    if (total <= FIELD_CHARACTERS) break;
    bounded[name] = '[TRUNCATED]';
    total -= size - sizeOf(name, '[TRUNCATED]');
  }
  return bounded;
}

function sizeOf(name: string, value: LogValue | undefined): number {
  return value === undefined ? 0 : JSON.stringify(name).length + JSON.stringify(value).length + 2;
}
