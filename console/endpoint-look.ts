import { type EndpointForm, keyBefore, toEndpointRequest } from './endpoint-form.ts';
import { type Endpoint, readEndpoints } from './endpoint-list.ts';
import { type Invoke, type InvokeResult, toldAs } from './invoke-function.ts';

/** The endpoint that a form names by its key, so that whoever confirms sees what it is. */
export async function lookUpEndpoint(invoke: Invoke, form: EndpointForm): Promise<Endpoint | undefined> {
  const after = keyBefore(form.endpoint_key);
  if (after === undefined) return undefined;
  const told = toldAs(await invoke('inspect', { action: 'endpoints', after, limit: 1 }), readEndpoints);
  const [found] = told.ok ? told.value.endpoints : [];
  return found?.key === form.endpoint_key.toLowerCase() ? found : undefined;
}

/** Whether anything would change. Changes nothing. */
export function rehearseChange(invoke: Invoke, form: EndpointForm): Promise<InvokeResult> {
  return invoke('operate', { ...toEndpointRequest(form), dry_run: true });
}
