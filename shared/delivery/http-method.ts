/** The methods a webhook may be sent with. */
export const HTTP_METHODS = ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** A body has no meaning in GET or DELETE (RFC 9110, 9.3.1 and 9.3.5): receivers refuse or drop it, or take it for smuggling. */
export function sendsBody(method: string): boolean {
  return method !== 'GET' && method !== 'DELETE';
}
