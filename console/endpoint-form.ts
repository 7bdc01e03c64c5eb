import { isId } from './delivery-search.ts';
import { nameFaults } from './query-faults.ts';

const ENDPOINT_ACTIONS = ['hold', 'resume', 'set_endpoint'] as const;
export type EndpointAction = (typeof ENDPOINT_ACTIONS)[number];

/** Fields of the form, as text. */
const FIELDS = [
  'scope',
  'endpoint_key',
  'organization_id',
  'endpoint_url',
  'max_in_flight',
  'max_per_second',
  'note',
  'order_key',
] as const;
export type EndpointForm = Record<(typeof FIELDS)[number], string> & { action: EndpointAction };

const MAX_CHARACTERS = 8192;

/** Undefined if no such thing is done to endpoints. */
export function readEndpointForm(fields: URLSearchParams): EndpointForm | undefined {
  const action = ENDPOINT_ACTIONS.find((one) => one === fields.get('action'));
  if (action === undefined) return undefined;
  const field = (name: string): string => (fields.get(name) ?? '').trim().slice(0, MAX_CHARACTERS);
  const given = Object.fromEntries(FIELDS.map((name) => [name, field(name)])) as Omit<EndpointForm, 'action'>;
  return { ...given, action };
}

/** What of the form would be passed over: a limit that is left out is taken away. */
export function endpointFormFaults(fields: URLSearchParams): readonly string[] {
  return nameFaults(fields, ['action', ...FIELDS]);
}

/** The request for the operate function. Malformed values are sent unchanged: the function says what is wrong. */
export function toEndpointRequest(form: EndpointForm): Record<string, unknown> {
  const { action, note, order_key: orderKey } = form;
  return {
    action,
    ...scopeMembers(form),
    ...(action === 'set_endpoint' && {
      max_in_flight: limitOf(form.max_in_flight),
      max_per_second: limitOf(form.max_per_second),
    }),
    ...(note !== '' && { note }),
    ...(orderKey !== '' && { order_key: orderKey }),
  };
}

function scopeMembers({ scope, endpoint_key: key, organization_id: organization, endpoint_url: url }: EndpointForm) {
  if (key !== '') return { endpoint_key: key };
  // Nobody holds everything by leaving something out.
  if (scope === 'everything') return { everything: true };
  const organizationId = isId(organization) ? Number(organization) : organization;
  return {
    ...(organization !== '' && { organization_id: organizationId }),
    ...(scope !== 'organization' && { endpoint_url: url }),
  };
}

/** Empty: there is to be no limit. */
function limitOf(text: string): number | string | null {
  if (text === '') return null;
  return /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : text;
}

/** The key before this one, behind which a list begins with this one. Undefined if it is no key. */
export function keyBefore(key: string): string | undefined {
  const digits = key.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits) || /^0+$/.test(digits)) return undefined;
  const before = (BigInt(`0x${digits}`) - 1n).toString(16).padStart(32, '0');
  return before.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
