/** A webhook node as a workflow editor stores it, and what becomes of the request that is made of it. */
export type WebhookNode = {
  what: string;
  node: Readonly<Record<string, unknown>>;
  /** The frozen body; null where the webhook is refused or skipped. */
  body: string | null;
  /** Its warnings, or the refusal. */
  told: readonly string[];
};

/** What the application knows of the run when its webhooks are made. */
const RENDER_CONTEXT = {
  workflow_run_id: 4711,
  workflow_run_name: 'WR-TEL-OUT-4711',
  initial_context: { first_name: 'Ada', phone_number: '+4915112345678' },
  gathered_context: { call_disposition: 'user_hangup', rsvp: true, guests: 2 },
  usage_info: { call_duration_seconds: 42.5 },
  annotations: { qa: { score: 9, tags: ['polite', 'short'] } },
  recording_url: null,
};

const ENDPOINT = 'https://hooks.example.com/in';
const PLAIN = { call_id: '{{workflow_run_id}}' };
const PLAIN_BODY = '{"call_id":"4711","call_disposition":"user_hangup"}';
const header = (key: unknown, value: unknown) => ({ key, value });

/** A node with a template that renders to PLAIN_BODY; `changes` are what matters. */
function plain(what: string, changes: Record<string, unknown>, ...told: string[]): WebhookNode {
  return { what, node: { ...NODE, ...changes }, body: PLAIN_BODY, told };
}

const NODE = {
  name: 'Final Webhook',
  enabled: true,
  http_method: 'POST',
  endpoint_url: ENDPOINT,
  credential_uuid: null,
  custom_headers: null,
  payload_template: PLAIN,
};

function rendered(what: string, payload_template: unknown, body: string, ...told: string[]): WebhookNode {
  return { what, node: { ...NODE, payload_template }, body, told };
}

function refused(what: string, changes: Record<string, unknown>, told: string): WebhookNode {
  return { what, node: { ...NODE, ...changes }, body: null, told: [told] };
}

const BLANKS = 'custom_headers[0]: blanks around its name or value were cut off';
const AS_IT_STANDS = '{{…}} is sent as it stands, because placeholders are rendered in payload_template alone';

export const WEBHOOK_NODES: readonly WebhookNode[] = [
  plain('credential and headers null', {}),
  plain(
    'an empty credential',
    { credential_uuid: '' },
    'credential_uuid: is empty and counts as left out: the webhook is sent without a credential',
  ),
  plain('empty headers', { custom_headers: '' }, 'custom_headers: is empty text and counts as left out'),
  plain('no headers', { custom_headers: [] }),
  plain('an empty row', { custom_headers: [header('', '')] }),
  plain('a header', { custom_headers: [header('X-Source', 'dograh')] }),
  plain('a User-Agent', { custom_headers: [header('User-Agent', 'Acme/1.0')] }),
  plain('a Content-Type', { custom_headers: [header('Content-Type', 'application/json')] }),
  plain('a Content-Type with a charset', {
    custom_headers: [header('Content-Type', 'application/json; charset=utf-8')],
  }),
  plain(
    'a Content-Type of a form',
    { custom_headers: [header('Content-Type', 'application/x-www-form-urlencoded')] },
    'custom_headers[0]: Content-Type does not describe the body, which is JSON in UTF-8; it was dropped',
  ),
  plain('blanks around a name', { custom_headers: [header('X-Source ', ' dograh ')] }, BLANKS),
  plain('a line end behind a value', { custom_headers: [header('X-Source', 'dograh\n')] }, BLANKS),
  plain(
    'the same row twice',
    { custom_headers: [header('X-Source', 'dograh'), header('X-Source', 'dograh')] },
    'custom_headers[1]: X-Source repeats an earlier row and was left out',
  ),
  plain(
    'a name without a value',
    { custom_headers: [header('X-Source', '')] },
    'custom_headers[0]: X-Source has no value and was left out',
  ),
  plain(
    'a token',
    { custom_headers: [header('Authorization', 'Bearer t0ken')] },
    'custom_headers[0]: Authorization looks like a secret and was dropped; store it in a credential and set credential_uuid',
  ),
  plain(
    'a placeholder in a header',
    { custom_headers: [header('X-Run', '{{workflow_run_id}}')] },
    `custom_headers[0]: ${AS_IT_STANDS}`,
  ),
  plain('blanks around a URL', { endpoint_url: ` ${ENDPOINT}\n` }, 'endpoint_url: blanks around it were cut off'),
  plain(
    'a fragment',
    { endpoint_url: `${ENDPOINT}#top` },
    'endpoint_url: its fragment was cut off, because no request carries one',
  ),
  plain('a placeholder in a URL', { endpoint_url: `${ENDPOINT}/{{workflow_run_id}}` }, `endpoint_url: ${AS_IT_STANDS}`),
  plain('a name of 300 characters', { name: 'n'.repeat(300) }, 'webhook_name: only its first 255 characters were kept'),
  plain('the method GET', { http_method: 'GET' }),
  {
    what: 'not enabled, and without a URL',
    node: { name: 'Draft', enabled: false, endpoint_url: '' },
    body: null,
    told: [],
  },
  rendered('an empty template', {}, '{"call_disposition":"user_hangup"}'),
  rendered(
    'values of every kind',
    {
      first_name: '{{initial_context.first_name}}',
      duration: '{{usage_info.call_duration_seconds}}',
      rsvp: '{{gathered_context.rsvp}}',
      guests: '{{gathered_context.guests}}',
      qa: '{{annotations.qa}}',
      recording: '{{recording_url}}',
      call_disposition: '{{gathered_context.call_disposition}}',
      fixed: [1, 2.5, true, null],
    },
    '{"first_name":"Ada","duration":"42.5","rsvp":"true","guests":"2","qa":"{\\"score\\":9,\\"tags\\":[\\"polite\\",\\"short\\"]}","recording":"","call_disposition":"user_hangup","fixed":[1,2.5,true,null]}',
  ),
  rendered(
    'defaults',
    { a: 'Hi {{initial_context.title | there}}', b: '{{last_name | fallback}}', c: '{{x | fallback:none}}' },
    '{"a":"Hi there","b":"Last_Name","c":"none","call_disposition":"user_hangup"}',
  ),
  rendered(
    'placeholders in names and line breaks',
    { '{{initial_context.first_name}}': 'one\\ntwo', tags: ['{{annotations.qa.tags.0}}'] },
    '{"Ada":"one\\ntwo","tags":["polite"],"call_disposition":"user_hangup"}',
  ),
  rendered(
    'an expression of another editor',
    { name: '{{ $json.initial_context.first_name }}' },
    '{"name":"{{ $json.initial_context.first_name }}","call_disposition":"user_hangup"}',
    'payload_template.name: {{ $json.initial_context.first_name }} is no placeholder here and is sent as it stands; write {{initial_context.first_name}}',
  ),
  refused(
    'a user name in the URL',
    { endpoint_url: 'https://user:pass@hooks.example.com/in' },
    'endpoint_url: must hold no user name or password; put them into a credential of the type basic_auth and name it in credential_uuid',
  ),
  refused(
    'a character that nobody sees in the URL',
    { endpoint_url: 'https://hooks.example.com/\u200bin' },
    'endpoint_url: holds the invisible character U+200B at character 27',
  ),
];

/** The request that an application makes of its node. */
export function requestOf({ node }: WebhookNode, index: number): Record<string, unknown> {
  const { name, ...rest } = node;
  return {
    workflow_run_id: RENDER_CONTEXT.workflow_run_id,
    organization_id: 7,
    webhook_node_id: `webhook-${index + 1}`,
    webhook_name: name,
    ...rest,
    ...('payload_template' in node ? { render_context: RENDER_CONTEXT } : {}),
  };
}
