import { isTooDeep, reportJsonFaults, reportTooDeep } from './json-faults.ts';
import { MAX_PAYLOAD_BYTES } from '../runtime/limits.ts';
import { renderTemplate } from './payload-template.ts';
import { NO_CONTEXT, type RenderContext } from './render-context.ts';
import type { RequestFaults } from './request-faults.ts';
import type { RequestWarnings } from './request-warnings.ts';
import type { RequestShape } from './request-shape.ts';

/** The three ways to give a payload. A request has exactly one of them. */
const PAYLOAD_FIELDS = ['payload', 'payload_json', 'payload_template'] as const;

export type Rendering = { context: RenderContext | undefined; nowMs: number };

type Report = { faults: RequestFaults; warnings: RequestWarnings };

/**
 * Freezes the body of a request, or reports why it cannot: the choice of payload member, its size, or what JSON cannot carry.
 * `null` in `payload` is a value like any other. The fault of a member that is given and undefined has already been reported.
 *
 * @param rendering what a template is rendered with: its context, the request's own or a shared one, and the time
 * @returns the text that every attempt sends and signs as it is: valid JSON of at most 256 KiB in UTF-8
 */
export function freezeBody(shape: RequestShape, rendering: Rendering, report: Report): string | undefined {
  const { faults } = report;
  const given = PAYLOAD_FIELDS.filter((field) => field in shape);
  const strayContext = 'render_context' in shape && !given.includes('payload_template');
  if (strayContext) faults.add('render_context', 'is allowed only with payload_template');
  const [field, second] = given;
  if (field === undefined || second !== undefined) {
    const found = field === undefined ? 'found none' : `found ${given.join(' and ')}`;
    return refuse(second ?? 'payload', `exactly one of ${PAYLOAD_FIELDS.join(', ')} is required; ${found}`, faults);
  }
  const body = freezeField(field, shape, { ...rendering, ...report });
  return strayContext ? undefined : body;
}

function freezeField(
  field: (typeof PAYLOAD_FIELDS)[number],
  shape: RequestShape,
  { faults, warnings, ...rendering }: Rendering & Report,
): string | undefined {
  switch (field) {
    case 'payload':
      return freezeValue(shape.payload, faults);
    case 'payload_json':
      return shape.payload_json === undefined ? undefined : freezeText(shape.payload_json, faults);
    case 'payload_template':
      return freezeTemplate(shape, rendering, { faults, warnings });
  }
}

/** Serialised again, because the request arrives parsed. NUL and lone surrogates come out as escapes. */
function freezeValue(payload: unknown, faults: RequestFaults): string | undefined {
  const faultsBefore = faults.count;
  reportJsonFaults(payload, ['payload'], faults);
  if (faults.count > faultsBefore) return undefined;
  const text = JSON.stringify(payload);
  if (isTooLarge(text)) return reportTooLarge('payload', faults);
  return text;
}

/** Kept as written, byte for byte. A text that is too large is not parsed, so its other faults are not reported. */
function freezeText(text: string, faults: RequestFaults): string | undefined {
  if (isTooLarge(text)) return reportTooLarge('payload_json', faults);
  if (!text.isWellFormed()) {
    return refuse('payload_json', 'holds a lone surrogate, which UTF-8 cannot carry; escape it as \\ud800', faults);
  }
  const parsed = parseJson(text);
  if (parsed === undefined) return refuse('payload_json', 'must be valid JSON', faults);
  if (!isTooDeep(parsed.value)) return text;
  reportTooDeep(['payload_json'], faults);
  return undefined;
}

function freezeTemplate(shape: RequestShape, { context, nowMs }: Rendering, report: Report): string | undefined {
  const { payload_template: template } = shape;
  return renderTemplate({ template, context: context ?? NO_CONTEXT, nowMs, maxBytes: MAX_PAYLOAD_BYTES }, report);
}

function isTooLarge(text: string): boolean {
  return Buffer.byteLength(text) > MAX_PAYLOAD_BYTES;
}

function refuse(path: string, message: string, faults: RequestFaults): undefined {
  faults.add(path, message);
}

function reportTooLarge(path: string, faults: RequestFaults): undefined {
  faults.add(path, `is a body of more than ${MAX_PAYLOAD_BYTES} bytes`, { errorType: 'PayloadTooLarge' });
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's own message quotes the text.
    return undefined;
  }
}
