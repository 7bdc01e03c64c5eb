import { isJsonObject } from '../runtime/json-object.ts';
import { reportDepthFault, reportJsonFaults } from './json-faults.ts';
import { MAX_PAYLOAD_BYTES } from '../runtime/limits.ts';
import { renderTemplate } from './payload-template.ts';
import type { RequestFaults } from './request-faults.ts';

/** The three ways to give a payload. Exactly one of them is in a request. */
const PAYLOAD_FIELDS = ['payload', 'payload_json', 'payload_template'] as const;

/** Text that every attempt sends and signs as it is: valid JSON of at most 256 KiB in UTF-8. */
export type FrozenBody = { text: string; warnings: string[] };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Freezes the body of a request, or reports why it cannot: which payload field, its form, its size. `null` in `payload`
 * or `payload_template` is a value like any other.
 *
 * @param nowMs for `{{current_time}}` in a template
 */
export function freezeBody(fields: Fields, nowMs: number, faults: RequestFaults): FrozenBody | undefined {
  const given = PAYLOAD_FIELDS.filter((field) => fields[field] !== undefined);
  const strayContext = fields.render_context !== undefined && !given.includes('payload_template');
  if (strayContext) faults.add('render_context', 'goes only with payload_template');
  const [field, second] = given;
  if (field === undefined || second !== undefined) {
    const found = field === undefined ? 'there is none' : `there are ${given.join(' and ')}`;
    return report(second ?? 'payload', `exactly one of ${PAYLOAD_FIELDS.join(', ')} is required; ${found}`, faults);
  }
  const body = freezeField(field, fields, { nowMs, faults });
  return strayContext ? undefined : body;
}

function freezeField(
  field: (typeof PAYLOAD_FIELDS)[number],
  fields: Fields,
  { nowMs, faults }: { nowMs: number; faults: RequestFaults },
): FrozenBody | undefined {
  switch (field) {
    case 'payload':
      return freezeValue(fields.payload, faults);
    case 'payload_json':
      return freezeText(fields.payload_json, faults);
    case 'payload_template':
      return freezeTemplate(fields, nowMs, faults);
  }
}

/** Serialised anew: whoever handed the request over has parsed it. NUL and lone surrogates come out as escapes. */
function freezeValue(payload: unknown, faults: RequestFaults): FrozenBody | undefined {
  const faultsBefore = faults.count;
  reportJsonFaults(payload, ['payload'], faults);
  if (faults.count > faultsBefore) return undefined;
  const text = JSON.stringify(payload);
  if (isTooLarge(text)) return reportTooLarge('payload', faults);
  return { text, warnings: [] };
}

/** Kept as written, byte for byte. Too large a text is not parsed, so its other faults stay unsaid. */
function freezeText(text: unknown, faults: RequestFaults): FrozenBody | undefined {
  if (typeof text !== 'string') return report('payload_json', 'must be a string', faults);
  if (isTooLarge(text)) return reportTooLarge('payload_json', faults);
  if (!text.isWellFormed()) {
    return report('payload_json', 'holds a lone surrogate, which UTF-8 cannot carry; escape it as \\ud800', faults);
  }
  const parsed = parseJson(text);
  if (parsed === undefined) return report('payload_json', 'must be valid JSON', faults);
  const faultsBefore = faults.count;
  reportDepthFault(parsed.value, ['payload_json'], faults);
  return faults.count > faultsBefore ? undefined : { text, warnings: [] };
}

function freezeTemplate(fields: Fields, nowMs: number, faults: RequestFaults): FrozenBody | undefined {
  const context = fields.render_context === undefined ? {} : fields.render_context;
  if (!isJsonObject(context)) return report('render_context', 'must be a JSON object', faults);
  return renderTemplate({ template: fields.payload_template, context, nowMs, maxBytes: MAX_PAYLOAD_BYTES }, faults);
}

function isTooLarge(text: string): boolean {
  return Buffer.byteLength(text) > MAX_PAYLOAD_BYTES;
}

function report(path: string, message: string, faults: RequestFaults): undefined {
  faults.add(path, message);
}

function reportTooLarge(path: string, faults: RequestFaults): undefined {
  faults.add(path, `is a body of more than ${MAX_PAYLOAD_BYTES} bytes`, 'PayloadTooLarge');
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's own words quote the text.
    return undefined;
  }
}
