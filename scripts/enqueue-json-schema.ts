// The published JSON Schema of an enqueue request. It is written for the validators that callers have: draft 7, which all of
// them know; patterns without look-ahead and classes by name, which Python, Go and Java read as JavaScript does; no formats,
// which some refuse and others ignore. It refuses what enqueue refuses, as far as a schema can, and takes all that enqueue takes.
import { HTTP_METHODS } from '../shared/delivery/http-method.ts';
import { type enqueueRequestSchema, ON_DEAD_LETTER } from '../shared/enqueue/enqueue-request-schema.ts';
import { MAX_TRACEPARENT_CHARACTERS, MAX_TRACESTATE_ENTRIES } from '../shared/delivery/trace-context.ts';
import {
  MAX_ANNOUNCED,
  MAX_ATTEMPTS_LIMIT,
  MAX_CUSTOM_HEADER_BYTES,
  MAX_CUSTOM_HEADERS,
  MAX_DELIVERIES_PER_REQUEST,
  MAX_INVOKE_REQUEST_BYTES,
  MAX_NAME_CHARACTERS,
  MAX_NODE_ID_CHARACTERS,
  MAX_ORDERING_KEY_CHARACTERS,
  MAX_PAYLOAD_BYTES,
  MAX_SCHEDULE_AHEAD_SECONDS,
  MAX_URL_CHARACTERS,
} from '../shared/runtime/limits.ts';

type Schema = Record<string, unknown>;
type Member = keyof typeof enqueueRequestSchema.shape;

const NUL = '\\x00';
const HEX = '[0-9A-Fa-f]';
const UUID = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
const TIME =
  '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])';

const LOW_HEX = '[0-9a-f]';
const IDS_AND_FLAGS = `${LOW_HEX}{32}-${LOW_HEX}{16}-${LOW_HEX}{2}`;
/** Version 00 ends with its flags, later ones may go on, and there is no version ff. */
const MORE_OF_A_TRACE = MAX_TRACEPARENT_CHARACTERS - '00-'.length - 32 - 1 - 16 - 1 - 2 - '-'.length;
const TRACEPARENT = `(00-${IDS_AND_FLAGS}|(0[1-9a-f]|[1-9a-e]${LOW_HEX}|f[0-9a-e])-${IDS_AND_FLAGS}(-[!-~]{0,${MORE_OF_A_TRACE}})?)`;
const ENTRY = '[ \\t]*([a-z0-9][a-z0-9_*/@-]{0,255}=[ -+<>-~./0-9:;-]{0,255}[!-+<>-~./0-9:;-])?[ \\t]*';

/** JSON Schema has no flag for "case-insensitive". */
function anyCase(word: string): string {
  return [...word].map((letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`).join('');
}

const id = (description: string): Schema => ({
  description,
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
});

const NODE_ID: Schema = {
  description: 'The node of the run that wants the webhook. Together with the run it makes the request idempotent.',
  type: 'string',
  minLength: 1,
  maxLength: MAX_NODE_ID_CHARACTERS,
  pattern: `^[^${NUL}]*$`,
};

const RENDER_CONTEXT: Schema = {
  description: 'The values that payload_template is rendered with. Allowed only with payload_template.',
  type: ['object', 'null'],
};

const CUSTOM_HEADERS: Schema = {
  description: `Further headers, at most ${MAX_CUSTOM_HEADERS} and ${MAX_CUSTOM_HEADER_BYTES} bytes of names and values. A row without name and value is passed over, one without a value and a repeated one are left out. Those that look like a secret are dropped with a warning: a secret belongs into a credential. Surehook's own headers and those of the connection are refused, but Accept, User-Agent and a Content-Type of JSON may be chosen.`,
  anyOf: [
    {
      type: ['array', 'null'],
      items: {
        type: 'object',
        properties: {
          key: { description: 'The name of the header.', type: ['string', 'null'] },
          value: { description: 'Its value: printable ASCII.', type: ['string', 'null'] },
        },
        additionalProperties: false,
      },
    },
    { const: '' },
  ],
};

/** In the order of the documentation. */
const MEMBERS: Record<Member, Schema> = {
  workflow_run_id: id('The run that the webhook belongs to.'),
  organization_id: id('The organization that the run belongs to.'),
  webhook_node_id: NODE_ID,
  webhook_name: {
    description: `A name for people. Only its first ${MAX_NAME_CHARACTERS} characters are kept.`,
    type: ['string', 'null'],
    pattern: `^[^${NUL}]*$`,
  },
  enabled: {
    description:
      'False skips the webhook: nothing is stored or sent, the answer is {"skipped":true,"reason":"disabled"}, and of the request only the three ids are looked at.',
    type: ['boolean', 'null'],
  },
  endpoint_url: {
    description: `Where the webhook goes: an absolute http or https URL of at most ${MAX_URL_CHARACTERS} characters, normalised. A user name or password is refused: use a credential of the type basic_auth. Blanks around it and a fragment are cut off. Placeholders in it are not rendered.`,
    type: 'string',
    pattern: `^\\s*[Hh][Tt][Tt][Pp][Ss]?:[^\\s]+\\s*$`,
    not: { type: 'string', pattern: '^\\s*[A-Za-z]+:/*[^/?#@]*[^/?#@:][^/?#@]*@' },
  },
  http_method: {
    description: `One of ${HTTP_METHODS.join(', ')}, in any case; POST by default. GET and DELETE send no body.`,
    type: ['string', 'null'],
    pattern: `^(${HTTP_METHODS.map(anyCase).join('|')})$`,
  },
  payload: {
    description: `The body: any JSON value, null too, of at most ${MAX_PAYLOAD_BYTES} bytes. It is written again as JSON. Placeholders in it are not rendered. Exactly one of payload, payload_json and payload_template is given.`,
  },
  payload_json: {
    description: `The body as a text of JSON of at most ${MAX_PAYLOAD_BYTES} bytes, sent exactly as it is written.`,
    type: ['string', 'null'],
  },
  payload_template: {
    description:
      'The body as JSON in whose strings, keys too, {{path}} and {{path | default}} are rendered from render_context, once, when the request is accepted. docs/payload-templates.md has the language.',
  },
  render_context: RENDER_CONTEXT,
  custom_headers: CUSTOM_HEADERS,
  credential_uuid: {
    description:
      'Names the secret <prefix>/<organization_id>/<credential_uuid>, which is looked up whenever the webhook is sent. Empty is the same as absent.',
    type: ['string', 'null'],
    pattern: `^\\s*(${UUID})?\\s*$`,
  },
  max_attempts: {
    description: 'How many requests are made at most; by default the setting WEBHOOK_DELIVERY_MAX_ATTEMPTS.',
    type: ['integer', 'null'],
    minimum: 1,
    maximum: MAX_ATTEMPTS_LIMIT,
  },
  scheduled_for: {
    description: `No attempt is made before this time: RFC 3339 with offset, at most ${MAX_SCHEDULE_AHEAD_SECONDS / 86_400} days ahead. A past time is now.`,
    type: ['string', 'null'],
    pattern: `^${TIME}$`,
  },
  ordering_key: {
    description:
      'Deliveries of one organization with the same key are attempted one after the other, in the order in which they were stored. docs/ordering.md says what that means. It is kept in the row until that is erased: not the place for a secret. Blanks around it are cut off; empty is the same as absent.',
    type: ['string', 'null'],
    pattern: `^[^${NUL}]*$`,
    // Without the blanks it has at most 255 characters. How many remain, a pattern cannot say that counts as every validator does.
    anyOf: [
      { type: ['string', 'null'], maxLength: MAX_ORDERING_KEY_CHARACTERS },
      { type: 'string', pattern: '^\\s|\\s$' },
    ],
  },
  ordering_on_dead_letter: {
    description:
      'What a dead letter means for the later ones of its key: continue (default) lets the next go, hold keeps them waiting until somebody has dealt with it. hold needs an ordering_key.',
    enum: [...ON_DEAD_LETTER, null],
  },
  traceparent: {
    description:
      'The trace that the webhook belongs to (W3C Trace Context), sent with every attempt as it is. Custom headers named traceparent and tracestate give way to it. Blanks around it are cut off; empty is the same as absent.',
    type: ['string', 'null'],
    pattern: `^\\s*(${TRACEPARENT})?\\s*$`,
    not: { type: 'string', pattern: '^\\s*..-(0{32}|.{32}-0{16})-' },
  },
  tracestate: {
    description: `What vendors add to the trace: at most ${MAX_TRACESTATE_ENTRIES} entries key=value, separated by commas. Allowed only with traceparent.`,
    type: ['string', 'null'],
    pattern: `^(\\s*|${ENTRY}(,${ENTRY})*)$`,
  },
};

const IDS: Member[] = ['workflow_run_id', 'organization_id', 'webhook_node_id'];
const given = (name: Member): Schema => ({
  type: 'object',
  properties: { [name]: { not: { type: 'null' } } },
  required: [name],
});

const filled = (name: Member): Schema => ({
  type: 'object',
  properties: { [name]: { type: 'string', pattern: '[^\\s]' } },
  required: [name],
});

const ENABLED: Schema = {
  type: 'object',
  properties: MEMBERS,
  additionalProperties: false,
  required: [...IDS, 'endpoint_url'],
  oneOf: [{ required: ['payload'] }, given('payload_json'), given('payload_template')],
  if: given('render_context'),
  // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
  then: given('payload_template'),
  allOf: [
    {
      if: {
        type: 'object',
        properties: { ordering_on_dead_letter: { const: 'hold' } },
        required: ['ordering_on_dead_letter'],
      },
      // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
      then: filled('ordering_key'),
    },
  ],
  anyOf: [filled('traceparent'), { not: filled('tracestate') }],
};

const DELIVERY: Schema = {
  title: 'One webhook to be delivered',
  description:
    'An optional member may be null, which is the same as leaving it out, but for payload: there null is a value.',
  type: 'object',
  if: { type: 'object', properties: { enabled: { const: false } }, required: ['enabled'] },
  // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
  then: {
    type: 'object',
    properties: Object.fromEntries(IDS.map((name) => [name, MEMBERS[name]])),
    required: IDS,
  },
  else: { $ref: '#/definitions/enabled' },
};

const BATCH: Schema = {
  title: 'Several webhooks at once',
  type: 'object',
  properties: {
    deliveries: {
      description: `Each is judged by itself: the answer {"results":[…]} has one entry for each, in order. The whole request has at most ${MAX_INVOKE_REQUEST_BYTES} bytes by invoke and 1 MiB by queue.`,
      type: 'array',
      items: { $ref: '#/definitions/delivery' },
      minItems: 1,
      maxItems: MAX_DELIVERIES_PER_REQUEST,
    },
    render_context: { ...RENDER_CONTEXT, description: 'For every delivery whose template has no context of its own.' },
  },
  additionalProperties: false,
  required: ['deliveries'],
};

const ANNOUNCEMENT: Schema = {
  title: 'Deliveries to be sent at once that an application has inserted itself',
  type: 'object',
  properties: {
    announce: {
      description:
        'Names deliveries whose rows the application has inserted into webhook_outbox and committed. The answer {"results":[…]} has one entry for each, in order.',
      type: 'object',
      properties: {
        delivery_uuids: {
          description: 'Their delivery_uuid, in any case.',
          type: 'array',
          items: { type: 'string', pattern: `^${UUID}$` },
          minItems: 1,
          maxItems: MAX_ANNOUNCED,
        },
      },
      additionalProperties: false,
      required: ['delivery_uuids'],
    },
  },
  additionalProperties: false,
  required: ['announce'],
};

/** The text of enqueue-request.schema.json. */
export function enqueueJsonSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Surehook enqueue request',
    description: `One webhook, or up to ${MAX_DELIVERIES_PER_REQUEST} at once as {"deliveries":[…]}; or {"announce":{"delivery_uuids":[…]}}, which has deliveries sent that an application has inserted itself.`,
    type: 'object',
    if: { type: 'object', required: ['deliveries'], not: { required: ['announce'] } },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
    then: { $ref: '#/definitions/batch' },
    else: {
      if: { type: 'object', required: ['announce'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
      then: { $ref: '#/definitions/announcement' },
      else: { $ref: '#/definitions/delivery' },
    },
    definitions: { delivery: DELIVERY, enabled: ENABLED, batch: BATCH, announcement: ANNOUNCEMENT },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
