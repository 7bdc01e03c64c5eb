/** What callers send, and what becomes of it: the published schema and enqueue must agree. */
export type RequestCase = { what: string; taken: boolean; request: unknown };

const sound = {
  workflow_run_id: 7,
  organization_id: 3,
  webhook_node_id: 'node-1',
  endpoint_url: 'https://hooks.example.com/in',
  payload: { a: 1 },
};

/** `changes` are the only attributes that matter, and undefined takes one away. */
function request(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...sound, ...changes }).filter(([, value]) => value !== undefined));
}

const template = { payload: undefined, payload_template: { n: '{{who}}' } };
const text = { payload: undefined, payload_json: '{"a":1.0}' };
const nulls = {
  webhook_name: null,
  enabled: null,
  http_method: null,
  payload_json: null,
  payload_template: null,
  render_context: null,
  custom_headers: null,
  credential_uuid: null,
  max_attempts: null,
  scheduled_for: null,
};

const taken: [what: string, request: unknown][] = [
  ['the least', request()],
  ['a text of JSON', request(text)],
  ['a template', request(template)],
  ['a template with its context', request({ ...template, render_context: { who: 'Ada' } })],
  ['every optional member null', request(nulls)],
  ['every optional member null beside a template', request({ ...nulls, ...template })],
  ['null as payload', request({ payload: null })],
  ['false as payload', request({ payload: false })],
  ['a method in any case', request({ http_method: 'pAtCh' })],
  ['blanks around the URL', request({ endpoint_url: ' https://hooks.example.com/in\r\n' })],
  ['a URL in capitals', request({ endpoint_url: 'HTTPS://HOOKS.EXAMPLE.COM/IN' })],
  ['a URL with a fragment', request({ endpoint_url: 'https://hooks.example.com/in#a@b' })],
  ['a URL with an at sign in its path', request({ endpoint_url: 'https://hooks.example.com/@me?a=b@c' })],
  ['a URL with empty user info', request({ endpoint_url: 'https://@hooks.example.com/' })],
  ['a URL with a placeholder', request({ endpoint_url: 'https://hooks.example.com/{{run}}' })],
  ['rows of headers as a form leaves them', request({ custom_headers: [{ key: '', value: '' }, {}, { key: 'X-A' }] })],
  ['a header', request({ custom_headers: [{ key: 'X-A', value: '1' }] })],
  ['empty text for headers', request({ custom_headers: '' })],
  ['empty text for a credential', request({ credential_uuid: '' })],
  ['a credential', request({ credential_uuid: '0B1D2F3A-4c5d-4e6f-8a9b-0c1d2e3f4a5b' })],
  ['a long name', request({ webhook_name: 'x'.repeat(300) })],
  ['a node id of emoji', request({ webhook_node_id: '\u{1f600}'.repeat(255) })],
  ['the largest id', request({ workflow_run_id: 2 ** 53 - 1 })],
  ['a time with offset', request({ scheduled_for: '2026-11-23T14:00:00.123456+01:00' })],
  ['a time in small letters', request({ scheduled_for: '2026-11-23t14:00:00z' })],
  [
    'no more than ids where it is not enabled',
    { ...sound, enabled: false, endpoint_url: 5, payload: undefined, extra: 1 },
  ],
  ['several', { deliveries: [request(), request(text)] }],
  ['several with a shared context', { deliveries: [request(template)], render_context: { who: 'Ada' } }],
  ['several with a null for a shared context', { deliveries: [request(template)], render_context: null }],
];

const refused: [what: string, request: unknown][] = [
  ['a string', 'x'],
  ['a list', []],
  ['nothing', {}],
  ['no run', request({ workflow_run_id: undefined })],
  ['a run of 0', request({ workflow_run_id: 0 })],
  ['a run beyond 2^53', request({ workflow_run_id: 2 ** 53 })],
  ['a run as text', request({ workflow_run_id: '7' })],
  ['null for an organization', request({ organization_id: null })],
  ['an empty node id', request({ webhook_node_id: '' })],
  ['a node id of 256 characters', request({ webhook_node_id: 'x'.repeat(256) })],
  ['a NUL in a node id', request({ webhook_node_id: 'a\0b' })],
  ['a NUL in a name', request({ webhook_name: 'a\0b' })],
  ['no URL', request({ endpoint_url: undefined })],
  ['a URL of ftp', request({ endpoint_url: 'ftp://hooks.example.com/in' })],
  ['a path for a URL', request({ endpoint_url: '/in' })],
  ['a blank inside a URL', request({ endpoint_url: 'https://hooks.example.com/a b' })],
  ['a user name in a URL', request({ endpoint_url: 'https://user@hooks.example.com/in' })],
  ['a password in a URL', request({ endpoint_url: 'https://:pass@hooks.example.com/in' })],
  ['the method BREW', request({ http_method: 'BREW' })],
  ['an empty method', request({ http_method: '' })],
  ['no payload', request({ payload: undefined })],
  ['null for every payload but payload', request({ payload: undefined, payload_json: null, payload_template: null })],
  ['two payloads', request({ payload_json: '1' })],
  ['three payloads', request({ payload_json: '1', payload_template: 1 })],
  ['a null payload beside a template', request({ payload: null, payload_template: {} })],
  ['a payload_json that is no text', request({ payload: undefined, payload_json: 5 })],
  ['a context without a template', request({ render_context: {} })],
  ['a context that is a list', request({ ...template, render_context: [] })],
  ['headers as an object', request({ custom_headers: { 'X-A': '1' } })],
  ['a header as text', request({ custom_headers: ['X-A: 1'] })],
  ['a number as the value of a header', request({ custom_headers: [{ key: 'X-A', value: 1 }] })],
  ['an unknown member of a header', request({ custom_headers: [{ key: 'X-A', value: '1', note: 'x' }] })],
  ['a credential that is no UUID', request({ credential_uuid: 'x' })],
  ['no attempt', request({ max_attempts: 0 })],
  ['51 attempts', request({ max_attempts: 51 })],
  ['half an attempt', request({ max_attempts: 1.5 })],
  ['tomorrow', request({ scheduled_for: 'tomorrow' })],
  ['a time without offset', request({ scheduled_for: '2026-11-23T14:00:00' })],
  ['a time with a blank', request({ scheduled_for: '2026-11-23 14:00:00Z' })],
  ['text for enabled', request({ enabled: 'false' })],
  ['an unknown member', request({ payload_jsn: 1 })],
  ['no node id where it is not enabled', request({ enabled: false, webhook_node_id: undefined })],
  ['no delivery', { deliveries: [] }],
  ['101 deliveries', { deliveries: Array.from({ length: 101 }, () => request()) }],
  ['null for the deliveries', { deliveries: null }],
  ['one bad delivery', { deliveries: [request(), request({ http_method: 'BREW' })] }],
  ['an unknown member beside deliveries', { deliveries: [request()], workflow_run_id: 1 }],
  ['a list for a shared context', { deliveries: [request(template)], render_context: [] }],
];

export const REQUEST_CASES: readonly RequestCase[] = [
  ...taken.map(([what, request]) => ({ what, taken: true, request })),
  ...refused.map(([what, request]) => ({ what, taken: false, request })),
];
