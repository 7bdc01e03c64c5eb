import { randomBytes, randomInt } from 'node:crypto';

/** The fields of the form, as text. */
export type SendForm = Record<SendField, string>;

export type SendField = (typeof SEND_FIELDS)[number];

/** Named as in the enqueue request, so that each fault can be shown at its field. */
const SEND_FIELDS = [
  'endpoint_url',
  'http_method',
  'payload_json',
  'delay_seconds',
  'max_attempts',
  'webhook_name',
  'workflow_run_id',
  'organization_id',
  'webhook_node_id',
  'credential_uuid',
] as const;

/** Faults by field, and those that belong to no field. */
export type FormFaults = { byField: Partial<Record<SendField, string>>; other: string[] };

const MAX_DELAY_SECONDS = 366 * 86_400;

/** A form that can be sent as it is, with a run and a node that nobody has used before. */
export function freshForm(endpointUrl: string): SendForm {
  return {
    endpoint_url: endpointUrl,
    http_method: 'POST',
    payload_json: '{\n  "event": "workflow.finished",\n  "call_disposition": "completed"\n}',
    delay_seconds: '',
    max_attempts: '',
    webhook_name: 'test webhook',
    // A range for tests, far from the ids that an application counts up from 1.
    workflow_run_id: String(randomInt(10 ** 9, 10 ** 10)),
    organization_id: '1',
    webhook_node_id: `test-${randomBytes(4).toString('hex')}`,
    credential_uuid: '',
  };
}

export function readForm(fields: URLSearchParams): SendForm {
  const form = freshForm('');
  for (const name of SEND_FIELDS) form[name] = (fields.get(name) ?? '').trim();
  return form;
}

/**
 * The enqueue request of a form. A value that is not a number stays text, so that enqueue itself says what is wrong with it;
 * an empty optional field is left out.
 */
export function toEnqueueRequest(
  form: SendForm,
  nowMs: number,
): { ok: true; request: Record<string, unknown> } | { ok: false; faults: FormFaults } {
  const request: Record<string, unknown> = {
    endpoint_url: form.endpoint_url,
    http_method: form.http_method,
    payload_json: form.payload_json,
    workflow_run_id: numberWhere(form.workflow_run_id),
    organization_id: numberWhere(form.organization_id),
    webhook_node_id: form.webhook_node_id,
  };
  if (form.webhook_name !== '') request['webhook_name'] = form.webhook_name;
  if (form.max_attempts !== '') request['max_attempts'] = numberWhere(form.max_attempts);
  if (form.credential_uuid !== '') request['credential_uuid'] = form.credential_uuid;
  if (form.delay_seconds !== '') {
    const seconds = /^\d{1,8}$/.test(form.delay_seconds) ? Number(form.delay_seconds) : Number.NaN;
    if (!(seconds <= MAX_DELAY_SECONDS)) {
      const fault = `must be a whole number of seconds up to ${MAX_DELAY_SECONDS} (366 days)`;
      return { ok: false, faults: { byField: { delay_seconds: fault }, other: [] } };
    }
    request['scheduled_for'] = new Date(nowMs + seconds * 1000).toISOString();
  }
  return { ok: true, request };
}

/** Enqueue writes every fault as `path: words`, separated by semicolons. */
export function faultsByField(errorMessage: string): FormFaults {
  const faults: FormFaults = { byField: {}, other: [] };
  for (const fault of errorMessage.split('; ')) {
    const [, path, words] = /^([a-z_]+)[^:\s]*: (.+)$/s.exec(fault) ?? [];
    const field = path === 'scheduled_for' ? 'delay_seconds' : SEND_FIELDS.find((name) => name === path);
    if (field === undefined || words === undefined) faults.other.push(fault);
    else faults.byField[field] = [faults.byField[field], words].filter((part) => part !== undefined).join('; ');
  }
  return faults;
}

function numberWhere(text: string): number | string {
  return /^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}
