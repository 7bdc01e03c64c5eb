import { isJsonObject } from '../runtime/json-object.ts';
import { reportDepthFault, reportJsonFaults } from './json-faults.ts';
import { printableName } from '../runtime/printable-name.ts';
import { MAX_TEMPLATE_TIME_ZONES } from '../runtime/limits.ts';
import { templateParts, type TemplatePart } from './payload-template-placeholders.ts';
import { type PathSegment, type RequestFaults } from './request-faults.ts';
import { zonedTime, type ZonedTime } from './zoned-time.ts';

type JsonObject = Record<string, unknown>;

const INITIAL_CONTEXT = 'initial_context.';
const ZONED_TIME = 'current_time_';

export type RenderedTemplate = { text: string; warnings: string[] };

/**
 * Renders `{{path | fallback}}` in every string of a JSON template, keys included, and answers the JSON text.
 * Undefined after a fault: nesting, a number that JSON parsers change, or a result of more than `maxBytes` of UTF-8,
 * which ends the rendering as soon as it is certain. Work is bounded by the sizes of template and result.
 *
 * Values are data: braces and `\n` in them stay as they are. Paths see own properties and array indexes only.
 */
export function renderTemplate(
  input: { template: unknown; context: Readonly<JsonObject>; nowMs: number; maxBytes: number },
  faults: RequestFaults,
): RenderedTemplate | undefined {
  const faultsBefore = faults.count;
  reportJsonFaults(input.template, ['payload_template'], faults);
  reportDepthFault(input.context, ['render_context'], faults);
  if (faults.count > faultsBefore) return undefined;

  const rendering = new Rendering(input, faults);
  const value = rendering.render(input.template);
  if (isJsonObject(value)) rendering.addCallDisposition(value);
  const text = rendering.stopped || faults.count > faultsBefore ? '' : JSON.stringify(value);
  if (rendering.stopped || Buffer.byteLength(text) > input.maxBytes) {
    faults.add('payload_template', `renders to more than ${input.maxBytes} bytes`, 'PayloadTooLarge');
  }
  return faults.count > faultsBefore ? undefined : { text, warnings: [...rendering.warnings] };
}

class Rendering {
  readonly warnings = new Set<string>();
  /** True once the result is certain to be too large: what is rendered from then on is of no interest. */
  stopped = false;
  readonly #context: Readonly<JsonObject>;
  readonly #nowMs: number;
  readonly #faults: RequestFaults;
  readonly #zones = new Map<string, ZonedTime | undefined>();
  readonly #faultyPaths = new Set<string>();
  #tooManyZones = false;
  /** UTF-16 units: the result has at least as many bytes. */
  #unitsLeft: number;

  constructor(input: { context: Readonly<JsonObject>; nowMs: number; maxBytes: number }, faults: RequestFaults) {
    this.#context = input.context;
    this.#nowMs = input.nowMs;
    this.#unitsLeft = input.maxBytes;
    this.#faults = faults;
  }

  render(template: unknown): unknown {
    if (this.stopped) return null;
    if (typeof template === 'string') return this.#renderString(template);
    if (Array.isArray(template)) return template.map((item) => this.render(item));
    return isJsonObject(template) ? this.#renderObject(template) : template;
  }

  /** Receivers of the first design rely on this field. */
  addCallDisposition(payload: JsonObject): void {
    if (Object.hasOwn(payload, 'call_disposition')) return;
    payload.call_disposition = this.#lookUp('gathered_context.call_disposition') ?? '';
  }

  /** Of keys that render to the same name the last one stands, as in a JSON text that repeats a name. */
  #renderObject(template: JsonObject): JsonObject {
    const templates = new Map<string, unknown>();
    for (const [key, value] of Object.entries(template)) {
      const name = this.#renderString(key);
      if (this.stopped) break;
      if (templates.has(name))
        this.warnings.add('payload_template: keys rendered to the same name; the last one stands');
      templates.set(name, value);
    }
    // Without a prototype, "__proto__" is a name like any other.
    const rendered: JsonObject = Object.create(null);
    for (const [name, value] of templates) rendered[name] = this.render(value);
    return rendered;
  }

  #renderString(template: string): string {
    const whole = { template };
    let rendered = '';
    for (const part of templateParts(template)) {
      const text = part.kind === 'text' ? withLineBreaks(part.text) : this.#renderPlaceholder(part, whole);
      this.#unitsLeft -= text.length;
      if (this.#unitsLeft < 0) this.stopped = true;
      if (this.stopped) return '';
      rendered += text;
    }
    return rendered;
  }

  #renderPlaceholder({ path, fallback }: Placeholder, whole: WholeString): string {
    const value = this.#builtIn(path, whole) ?? this.#lookUp(path) ?? '';
    if (value === '' && fallback !== undefined) return fallbackText(fallback, path);
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  #lookUp(path: string): unknown {
    const found = find(this.#context, path);
    if (found === undefined || this.#faultyPaths.has(path)) return undefined;
    const faultsBefore = this.#faults.count;
    reportJsonFaults(found.value, ['render_context', ...found.segments], this.#faults);
    if (this.#faults.count > faultsBefore) this.#faultyPaths.add(path);
    return found.value;
  }

  /** An unknown zone is no value: a name that only begins like a built-in is then looked up like any other. */
  #builtIn(path: string, whole: WholeString): string | undefined {
    const [, name, zone] = /^current_(time|weekday)(?:_(.+))?$/s.exec(path) ?? [];
    if (name === undefined) return undefined;
    const zoned = zone === undefined ? this.#defaultTime(whole) : this.#timeIn(zone);
    if (zoned !== undefined) return name === 'time' ? zoned.time : zoned.weekday;
    if (zone !== undefined && find(this.#context, path) === undefined) {
      this.warnings.add(`payload_template: unknown time zone ${printableName(zone)}`);
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
      if (part.kind === 'text' || !part.path.startsWith(ZONED_TIME)) continue;
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

/** A string of the template; the time its zoneless built-ins show is worked out once. */
type WholeString = { readonly template: string; defaultTime?: ZonedTime | undefined };

type Placeholder = Extract<TemplatePart, { kind: 'placeholder' }>;

type Found = { value: unknown; segments: PathSegment[] };

/** `initial_context.x` is also found at the top: some callers hand over the initial context itself. */
function find(context: Readonly<JsonObject>, path: string): Found | undefined {
  const found = ownValueAt(context, path);
  if (found !== undefined || !path.startsWith(INITIAL_CONTEXT)) return found;
  return ownValueAt(context, path.slice(INITIAL_CONTEXT.length));
}

/** What stands at a dotted path, through own properties and array indexes; undefined where that is nothing or null. */
function ownValueAt(root: Readonly<JsonObject>, path: string): Found | undefined {
  let value: unknown = root;
  const segments: PathSegment[] = [];
  for (const name of path.split('.')) {
    if (Array.isArray(value) && /^(?:0|[1-9]\d*)$/.test(name)) {
      value = value[Number(name)];
      segments.push(Number(name));
    } else if (isJsonObject(value) && Object.hasOwn(value, name)) {
      value = value[name];
      segments.push(name);
    } else return undefined;
  }
  return value === undefined || value === null ? undefined : { value, segments };
}

/** What follows the bar is the default itself, but for the older spellings `fallback` and `fallback:default`. */
function fallbackText(fallback: string, path: string): string {
  if (fallback === 'fallback') return titleCase(path);
  return withLineBreaks(fallback.replace(/^fallback\s*:\s*/, ''));
}

/** Each run of letters begins large and goes on small: `customer.first_name` is `Customer.First_Name`. */
function titleCase(path: string): string {
  return path.replace(
    /(\p{L})(\p{L}*)/gu,
    (_, first: string, rest: string) => first.toUpperCase() + rest.toLowerCase(),
  );
}

/** People type a backslash and an n where their form takes one line. */
function withLineBreaks(literal: string): string {
  return literal.replaceAll('\\n', '\n');
}
