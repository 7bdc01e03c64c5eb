import { findValue } from './context-values.ts';
import { ExactNumber } from './exact-number.ts';
import { type Foreign, foreignFallback, foreignPath, foreignWarning, readUnread } from './foreign-templates.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { reportChangedNumbers, reportJsonFaults, reportTooDeep } from './json-faults.ts';
import { leastJsonBytes } from './json-size.ts';
import { MAX_PAYLOAD_BYTES, MAX_TEMPLATE_TIME_ZONES } from '../runtime/limits.ts';
import { templateParts, type TemplatePart } from './payload-template-placeholders.ts';
import { printableName } from '../runtime/printable-name.ts';
import type { RenderContext } from './render-context.ts';
import { jsonPath, type PathSegment, type RequestFaults } from './request-faults.ts';
import type { RequestWarnings } from './request-warnings.ts';
import { zonedTime, type ZonedTime } from './zoned-time.ts';

type JsonObject = Record<string, unknown>;

const ZONED_TIME = 'current_time_';

type Report = { faults: RequestFaults; warnings: RequestWarnings };

/**
 * Renders `{{path | fallback}}` in every string of a JSON template, including keys, and returns the JSON text. Undefined
 * after a fault: nesting, a number that JSON parsers change, or a result of more than `maxBytes` of UTF-8, which ends the
 * rendering as soon as it is certain. The work is bounded by the sizes of template and result.
 *
 * Values are data: braces and `\n` in them stay as they are. Paths reach only own properties and array indexes. What only another
 * template language understands stays as it is, with a warning.
 */
export function renderTemplate(
  input: { template: unknown; context: RenderContext; nowMs: number; maxBytes: number },
  { faults, warnings }: Report,
): string | undefined {
  const faultsBefore = faults.count;
  reportJsonFaults(input.template, ['payload_template'], faults);
  // A shared context was judged with its request.
  if (input.context.of === 'delivery' && input.context.tooDeep) reportTooDeep(['render_context'], faults);
  if (faults.count > faultsBefore) return undefined;

  const rendering = new Rendering(input, { faults, warnings });
  const value = rendering.render(input.template);
  if (isJsonObject(value)) rendering.addCallDisposition(value);
  const text = rendering.stopped || faults.count > faultsBefore ? '' : JSON.stringify(value);
  if (rendering.stopped || Buffer.byteLength(text) > input.maxBytes) {
    const message = `renders to more than ${input.maxBytes} bytes`;
    faults.add('payload_template', message, { errorType: 'PayloadTooLarge' });
  }
  return faults.count > faultsBefore ? undefined : text;
}

class Rendering {
  readonly #warnings: RequestWarnings;
  readonly #context: RenderContext;
  readonly #nowMs: number;
  readonly #faults: RequestFaults;
  readonly #zones = new Map<string, ZonedTime | undefined>();
  readonly #faultyPaths = new Set<string>();
  #tooManyZones = false;
  /** Where the value stands that is being rendered. */
  readonly #at: PathSegment[] = ['payload_template'];
  /** Bytes that the result may still have. What is taken from here is certain to be in the result. */
  #bytesLeft: number;
  /** The same for keys that do not end up in the result: as much as any result may have. */
  #droppedBytesLeft = MAX_PAYLOAD_BYTES;

  constructor(input: { context: RenderContext; nowMs: number; maxBytes: number }, { faults, warnings }: Report) {
    this.#context = input.context;
    this.#nowMs = input.nowMs;
    this.#bytesLeft = input.maxBytes;
    this.#faults = faults;
    this.#warnings = warnings;
  }

  /** True once the result is certain to be too large: nothing that is rendered after that matters. */
  get stopped(): boolean {
    return this.#bytesLeft < 0 || this.#droppedBytesLeft < 0;
  }

  render(template: unknown): unknown {
    if (this.stopped) return null;
    if (typeof template === 'string') return this.#renderString(template);
    if (Array.isArray(template)) return this.#renderList(template);
    if (template instanceof ExactNumber) {
      this.#bytesLeft -= template.source.length;
      return template;
    }
    if (isJsonObject(template)) return this.#renderObject(template);
    this.#bytesLeft -= String(template).length;
    return template;
  }

  /** Receivers of the first design rely on this field. */
  addCallDisposition(payload: JsonObject): void {
    if (Object.hasOwn(payload, 'call_disposition')) return;
    payload.call_disposition = this.#lookUp('gathered_context.call_disposition') ?? '';
  }

  #renderList(template: readonly unknown[]): unknown[] {
    // Brackets and commas.
    this.#bytesLeft -= 2 + Math.max(0, template.length - 1);
    const rendered: unknown[] = [];
    for (const [index, item] of template.entries()) {
      if (this.stopped) break;
      rendered.push(this.#renderAt(index, item));
    }
    return rendered;
  }

  /** If several keys render to the same name, the last one is used, as in a JSON text that repeats a name. */
  #renderObject(template: JsonObject): JsonObject {
    this.#bytesLeft -= 2;
    const templates = new Map<string, { key: string; value: unknown }>();
    for (const [key, value] of Object.entries(template)) {
      const name = this.#renderKey(key, templates);
      if (this.stopped) break;
      templates.set(name, { key, value });
    }
    // Without a prototype, "__proto__" is a name like any other.
    const rendered: JsonObject = Object.create(null);
    for (const [name, { key, value }] of templates) {
      if (this.stopped) break;
      rendered[name] = this.#renderAt(key, value);
    }
    return rendered;
  }

  #renderAt(segment: PathSegment, template: unknown): unknown {
    this.#at.push(segment);
    const rendered = this.render(template);
    this.#at.pop();
    return rendered;
  }

  #renderKey(key: string, taken: ReadonlyMap<string, unknown>): string {
    const before = this.#bytesLeft;
    // This key may turn out to be one that is dropped, however little space is left.
    this.#bytesLeft = Math.max(before, this.#droppedBytesLeft);
    const from = this.#bytesLeft;
    const name = String(this.#renderAt(key, key));
    const bytes = from - this.#bytesLeft;
    if (taken.has(name)) {
      this.#warnings.add('payload_template', 'several keys rendered to the same name; the last one is used');
      this.#droppedBytesLeft -= bytes;
      this.#bytesLeft = before;
    } else {
      // A colon, and a comma except before the first.
      this.#bytesLeft = before - bytes - (taken.size === 0 ? 1 : 2);
    }
    return name;
  }

  #renderString(template: string): string {
    const whole = { template };
    let rendered = '';
    this.#bytesLeft -= 2;
    for (const part of templateParts(template)) {
      const text = this.#renderPart(part, whole);
      this.#bytesLeft -= text.length;
      if (this.stopped) return '';
      rendered += text;
    }
    return rendered;
  }

  #renderPart(part: TemplatePart, whole: WholeString): string {
    switch (part.kind) {
      case 'text':
        return withLineBreaks(part.text);
      case 'placeholder':
        return this.#renderPlaceholder(part, whole);
      case 'unread':
        return this.#leave(part, readUnread(part.written));
    }
  }

  #renderPlaceholder(part: Placeholder, whole: WholeString): string {
    const { path, fallback } = part;
    const filter = foreignFallback(path, fallback);
    if (filter !== undefined) return this.#leave(part, filter);
    const value = this.#builtIn(path, whole) ?? this.#lookUp(path);
    const foreign = value === undefined ? foreignPath(path) : undefined;
    if (foreign !== undefined) return this.#leave(part, foreign);
    if (value === undefined || value === '') return fallback === undefined ? '' : fallbackText(fallback, path);
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  #leave({ written }: { written: string }, foreign: Foreign): string {
    this.#warnings.add(this.#warnings.full ? '' : jsonPath(this.#at), foreignWarning(written, foreign));
    return written;
  }

  #lookUp(path: string): unknown {
    const found = findValue(this.#context.value, path);
    if (found === undefined || this.#faultyPaths.has(path)) return undefined;
    // Neither judged nor serialised: a hundred deliveries may each ask for all of a context of several megabytes.
    if (isLargerThan(this.#bytesLeft, found.value)) {
      this.#bytesLeft = -1;
      return undefined;
    }
    const faultsBefore = this.#faults.count;
    reportChangedNumbers(found.value, ['render_context', ...found.segments], this.#faults, this.#context.of);
    if (this.#faults.count > faultsBefore) this.#faultyPaths.add(path);
    return found.value;
  }

  /** An unknown zone gives no value: a name that only begins like a built-in is then looked up like any other. */
  #builtIn(path: string, whole: WholeString): string | undefined {
    const [, name, zone] = /^current_(time|weekday)(?:_(.+))?$/s.exec(path) ?? [];
    if (name === undefined) return undefined;
    const zoned = zone === undefined ? this.#defaultTime(whole) : this.#timeIn(zone);
    if (zoned !== undefined) return name === 'time' ? zoned.time : zoned.weekday;
    if (zone !== undefined && findValue(this.#context.value, path) === undefined) {
      this.#warnings.add('payload_template', `unknown time zone ${printableName(zone)}`);
    }
    return undefined;
  }

  /** In the first known zone of a `current_time_<zone>` of the same string, else in UTC. */
  #defaultTime(whole: WholeString): ZonedTime | undefined {
    whole.defaultTime ??= this.#firstTimeIn(whole.template) ?? this.#timeIn('UTC');
    return whole.defaultTime;
  }

  #firstTimeIn(template: string): ZonedTime | undefined {
    for (const part of templateParts(template)) {
      if (part.kind !== 'placeholder' || !part.path.startsWith(ZONED_TIME)) continue;
      const zoned = this.#timeIn(part.path.slice(ZONED_TIME.length));
      if (zoned !== undefined) return zoned;
    }
    return undefined;
  }

  #timeIn(zone: string): ZonedTime | undefined {
    if (!this.#zones.has(zone) && this.#zones.size < MAX_TEMPLATE_TIME_ZONES) {
      this.#zones.set(zone, zonedTime(this.#nowMs, zone));
    } else if (!this.#zones.has(zone) && !this.#tooManyZones) {
      this.#tooManyZones = true;
      this.#faults.add('payload_template', `names more than ${MAX_TEMPLATE_TIME_ZONES} time zones`);
    }
    return this.#zones.get(zone);
  }
}

/** A string goes into the result without quotes of its own, and is already text. */
function isLargerThan(bytes: number, value: unknown): boolean {
  return typeof value !== 'string' && leastJsonBytes(value, bytes) > bytes;
}

/** A string of the template. The time for its built-ins without a zone is worked out once. */
type WholeString = { readonly template: string; defaultTime?: ZonedTime | undefined };

type Placeholder = Extract<TemplatePart, { kind: 'placeholder' }>;

/** The text after the bar is the default itself, except in the older spellings `fallback` and `fallback:default`. */
function fallbackText(fallback: string, path: string): string {
  if (fallback === 'fallback') return titleCase(path);
  return withLineBreaks(fallback.replace(/^fallback\s*:\s*/, ''));
}

/** Capitalises each run of letters: `customer.first_name` becomes `Customer.First_Name`. */
function titleCase(path: string): string {
  return path.replace(
    /(\p{L})(\p{L}*)/gu,
    (_, first: string, rest: string) => first.toUpperCase() + rest.toLowerCase(),
  );
}

/** People type a backslash and an n when their form takes only one line. */
function withLineBreaks(literal: string): string {
  return literal.replaceAll('\\n', '\n');
}
