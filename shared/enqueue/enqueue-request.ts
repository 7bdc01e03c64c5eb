import { NOT_A_TIME, NOT_AN_OBJECT } from './enqueue-request-schema.ts';
import type { HeaderPair } from '../delivery/headers.ts';
import { HTTP_METHODS, type HttpMethod } from '../delivery/http-method.ts';
import { judgeCustomHeaders } from './judge-custom-headers.ts';
import { freezeBody } from './frozen-body.ts';
import { foreignEnvelope } from './foreign-envelope.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { reportTooDeep } from './json-faults.ts';
import { MAX_DELIVERIES_PER_REQUEST, MAX_SCHEDULE_AHEAD_SECONDS } from '../runtime/limits.ts';
import { RenderContext } from './render-context.ts';
import { requestDigest } from './request-digest.ts';
import { jsonPath, type RequestErrorType, RequestFaults } from './request-faults.ts';
import { readShape, reportFaultyIds, type RequestShape } from './request-shape.ts';
import { noObjectFault } from './request-text.ts';
import { RequestWarnings } from './request-warnings.ts';
import { looksLikeTemplate } from './payload-template-placeholders.ts';
import { parseRfc3339 } from '../runtime/rfc3339.ts';
import { readTrace } from './request-trace.ts';
import type { TraceContext } from '../delivery/trace-context.ts';

/** A request as it is stored: validated, normalised, its body frozen. */
export type AcceptedRequest = {
  workflowRunId: number;
  organizationId: number;
  webhookNodeId: string;
  webhookName: string | undefined;
  /** Normalised. */
  endpointUrl: string;
  httpMethod: HttpMethod;
  /** The frozen text, also for GET and DELETE, which do not send it. */
  body: string;
  /** Without those that were dropped as secrets. */
  customHeaders: HeaderPair[];
  /** Lower case. */
  credentialUuid?: string;
  trace?: TraceContext;
  maxAttempts: number;
  /** Milliseconds since the epoch; undefined is now, and so is a past time. */
  scheduledForMs: number | undefined;
  /** Attempted one after the other, with those of its organization that have the same. */
  orderingKey?: string;
  /** As a dead letter it keeps its key waiting. */
  orderingOnDeadLetter?: 'hold';
  /** 32 bytes in hex: a digest of the request before rendering, including its identity, without the server's defaults. */
  requestDigest: string;
};

type RefusedRequest = { kind: 'refused'; errorType: RequestErrorType; errorMessage: string };

type ParsedItem =
  | { kind: 'accepted'; delivery: AcceptedRequest; warnings: string[] }
  /** `enabled: false`, and ids that are sound: nothing else was looked at, and nothing is written. */
  | { kind: 'disabled' }
  | RefusedRequest;

export type ParsedRequest =
  /** One delivery, or a list of 1–100; `items` in the order of the request. */
  { kind: 'one' | 'batch'; items: ParsedItem[] } | RefusedRequest;

export type EnqueueContext = {
  /** Judges and normalises an endpoint URL, length included. Fault and warnings repeat nothing of the URL. */
  judgeUrl: (raw: string) => { ok: true; url: string; warnings: readonly string[] } | { ok: false; fault: string };
  nowMs: number;
  defaultMaxAttempts: number;
  /** `X-Dograh` by default. */
  headerPrefix: string;
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Validates an enqueue request, one delivery or `{"deliveries":[…]}`, and freezes the bodies. Never throws, whatever the
 * request holds. A refused item reports all its faults, each with its path, and none of its values. Its `errorType` is
 * `PayloadTooLarge` only if nothing but its size is wrong.
 */
export function parseEnqueueRequest(input: unknown, context: EnqueueContext): ParsedRequest {
  const faults = new RequestFaults();
  const unsound = isJsonObject(input) ? foreignEnvelope(input) : noObjectFault(input);
  if (unsound !== undefined || !isJsonObject(input)) {
    faults.add('', unsound ?? '');
    return refused(faults);
  }
  if (!Object.hasOwn(input, 'deliveries')) return { kind: 'one', items: [parseItem(input, context)] };
  const { list, shared } = readBatch(input, faults);
  if (faults.count > 0) return refused(faults);
  const items = list.map((item, index) => parseItem(item, context, { at: `deliveries[${index}]`, shared }));
  return { kind: 'batch', items };
}

/** What an item of a batch gets from outside: its path, and the shared context. */
type Beside = { at: string; shared: RenderContext | undefined };

function readBatch(input: Fields, faults: RequestFaults): { list: unknown[]; shared: RenderContext | undefined } {
  for (const name of Object.keys(input)) {
    if (name !== 'deliveries' && name !== 'render_context')
      faults.add(jsonPath([name]), 'unknown field next to deliveries');
  }
  const list: unknown = input.deliveries;
  const sound = Array.isArray(list) && list.length >= 1 && list.length <= MAX_DELIVERIES_PER_REQUEST;
  if (!sound) faults.add('deliveries', `must be a list of 1 to ${MAX_DELIVERIES_PER_REQUEST} deliveries`);
  return { list: sound ? list : [], shared: readSharedContext(input.render_context, faults) };
}

function readSharedContext(value: unknown, faults: RequestFaults): RenderContext | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) {
    faults.add('render_context', NOT_AN_OBJECT);
    return undefined;
  }
  const shared = new RenderContext(value, 'request');
  if (shared.tooDeep) reportTooDeep(['render_context'], faults);
  return shared;
}

function parseItem(item: unknown, context: EnqueueContext, { at, shared }: Beside = ALONE): ParsedItem {
  const faults = new RequestFaults(at);
  const unsound = isJsonObject(item) ? foreignEnvelope(item) : 'must be a JSON object';
  if (unsound !== undefined || !isJsonObject(item)) {
    faults.add('', unsound ?? '');
    return refused(faults);
  }
  if (item['enabled'] === false) {
    reportFaultyIds(item, faults);
    return faults.count > 0 ? refused(faults) : { kind: 'disabled' };
  }
  const report = { faults, warnings: new RequestWarnings() };
  return readDelivery(readShape(item, report), { ...context, shared }, report) ?? refused(faults);
}

const ALONE: Beside = { at: '', shared: undefined };

type Report = { faults: RequestFaults; warnings: RequestWarnings };

/** Judges every member before it gives up, so that all faults are reported at once; undefined if there was any. */
function readDelivery(
  shape: RequestShape,
  context: EnqueueContext & Pick<Beside, 'shared'>,
  report: Report,
): ParsedItem | undefined {
  const { faults, warnings } = report;
  const { workflow_run_id: workflowRunId, organization_id: organizationId, webhook_node_id: webhookNodeId } = shape;
  const endpointUrl = readEndpointUrl(shape, context, report);
  const httpMethod = methodOf(shape);
  const trace = readTrace(shape, faults);
  const customHeaders = readCustomHeaders(
    shape,
    { headerPrefix: context.headerPrefix, httpMethod, hasTrace: trace !== undefined },
    report,
  );
  const scheduledForMs = readSchedule(shape, context, faults);
  const ordering = readOrdering(shape, faults);
  const own = shape.render_context;
  const renderContext = own === undefined ? context.shared : new RenderContext(own);
  const body = freezeBody(shape, { context: renderContext, nowMs: context.nowMs }, report);
  if (workflowRunId === undefined || organizationId === undefined || webhookNodeId === undefined) return undefined;
  if (endpointUrl === undefined || body === undefined || faults.count > 0) return undefined;

  const { webhook_name: webhookName, max_attempts: maxAttempts } = shape;
  const credentialUuid = shape.credential_uuid?.toLowerCase();
  const identity = { workflowRunId, organizationId, webhookNodeId, webhookName, endpointUrl, httpMethod };
  const options = { customHeaders, ...(credentialUuid === undefined ? {} : { credentialUuid }) };
  const requested = {
    ...identity,
    ...options,
    maxAttempts,
    scheduledForMs,
    ...ordering,
    ...payloadAsRequested(shape, renderContext),
  };
  return {
    kind: 'accepted',
    delivery: {
      ...identity,
      ...options,
      ...ordering,
      // Not in the digest: whoever repeats a request has another trace by then.
      ...(trace && { trace }),
      body,
      maxAttempts: maxAttempts ?? context.defaultMaxAttempts,
      scheduledForMs: scheduledForMs === undefined || scheduledForMs <= context.nowMs ? undefined : scheduledForMs,
      requestDigest: requestDigest(requested),
    },
    warnings: warnings.list,
  };
}

/** `payload: null` is a payload. An absent render context is empty, and a shared one counts as each delivery's own. */
function payloadAsRequested(shape: RequestShape, context: RenderContext | undefined): Fields {
  const { payload, payload_json, payload_template } = shape;
  if (payload_template === undefined) return { payload, payload_json };
  return { payload_template, render_context: context?.forDigest ?? {} };
}

function readEndpointUrl(
  shape: RequestShape,
  context: EnqueueContext,
  { faults, warnings }: Report,
): string | undefined {
  if (shape.endpoint_url === undefined) return undefined;
  const judged = context.judgeUrl(shape.endpoint_url);
  const isTemplate = looksLikeTemplate(shape.endpoint_url);
  if (!judged.ok) {
    faults.add('endpoint_url', isTemplate ? `${judged.fault}; ${ONLY_IN_TEMPLATE}` : judged.fault);
    return undefined;
  }
  if (isTemplate) warnings.add('endpoint_url', SENT_AS_IT_STANDS);
  for (const warning of judged.warnings) warnings.add('endpoint_url', warning);
  return judged.url;
}

function readCustomHeaders(
  shape: RequestShape,
  context: Parameters<typeof judgeCustomHeaders>[1],
  { faults, warnings }: Report,
): HeaderPair[] {
  const rows = shape.custom_headers ?? [];
  const verdict = judgeCustomHeaders(rows, context);
  for (const { path, message } of verdict.faults) faults.add(path, message);
  for (const warning of verdict.warnings) warnings.add('', warning);
  for (const [at, header] of rows.entries()) {
    if (header === undefined || !verdict.kept.includes(header) || !looksLikeTemplate(header.value)) continue;
    warnings.add(`custom_headers[${at}]`, SENT_AS_IT_STANDS);
  }
  return verdict.kept;
}

const ONLY_IN_TEMPLATE = 'placeholders are rendered in payload_template alone';
const SENT_AS_IT_STANDS = `{{…}} is sent as it stands, because ${ONLY_IN_TEMPLATE}`;

function methodOf({ http_method }: RequestShape): HttpMethod {
  const method = http_method?.toUpperCase();
  return HTTP_METHODS.find((known) => known === method) ?? 'POST';
}

function readSchedule(shape: RequestShape, context: EnqueueContext, faults: RequestFaults): number | undefined {
  if (shape.scheduled_for === undefined) return undefined;
  const instantMs = parseRfc3339(shape.scheduled_for);
  if (instantMs === undefined) {
    faults.add('scheduled_for', NOT_A_TIME);
  } else if (instantMs > context.nowMs + MAX_SCHEDULE_AHEAD_SECONDS * 1000) {
    faults.add('scheduled_for', `must be at most ${MAX_SCHEDULE_AHEAD_SECONDS / 86_400} days ahead`);
  }
  return instantMs;
}

/** Without a key `continue` means nothing: a serializer writes its default. */
function readOrdering(
  shape: RequestShape,
  faults: RequestFaults,
): Pick<AcceptedRequest, 'orderingKey' | 'orderingOnDeadLetter'> {
  const { ordering_key: orderingKey, ordering_on_dead_letter: onDeadLetter } = shape;
  if (onDeadLetter === 'hold' && !('ordering_key' in shape)) {
    faults.add('ordering_on_dead_letter', 'hold needs an ordering_key');
  }
  if (orderingKey === undefined) return {};
  return { orderingKey, ...(onDeadLetter === 'hold' && { orderingOnDeadLetter: 'hold' }) };
}

function refused({ errorType, message: errorMessage }: RequestFaults): RefusedRequest {
  return { kind: 'refused', errorType, errorMessage };
}
