import { isId } from './delivery-search.ts';
import { ENDPOINT_STATES, type EndpointState } from './endpoint-list.ts';
import { nameFaults } from './query-faults.ts';

/** Which endpoints the list shows. */
export type EndpointSearch = {
  state: EndpointState | undefined;
  organizationId: string | undefined;
  after: string | undefined;
};

/** What a query string asks for, and what of it cannot be understood: where there is any, nothing may be looked up by it. */
export function readEndpointSearch(query: URLSearchParams): { search: EndpointSearch; faults: string[] } {
  const faults = [...nameFaults(query, ['state', 'organization', 'after'])];
  const given = (name: string): string | undefined => query.get(name)?.trim() || undefined;
  const search = {
    state: ENDPOINT_STATES.find((one) => one === given('state')),
    organizationId: given('organization'),
    after: given('after'),
  };
  if (search.state !== given('state')) faults.push(`state: must be one of ${ENDPOINT_STATES.join(', ')}`);
  if (search.organizationId !== undefined && !isId(search.organizationId)) {
    faults.push('organization: must be the number of an organization');
  }
  if (search.after !== undefined && !/^[\da-f-]{36}$/.test(search.after)) {
    faults.push('after: must be the position that a page before leads to');
  }
  return { search, faults };
}
