/**
 * What the log line of an attempt shows of its payload. `shape`: names of members, types and lengths. `values`: the values
 * too, except those known to be secret or personal. `none`: nothing.
 */
export const LOG_PAYLOAD = ['shape', 'values', 'none'] as const;
export type LogPayload = (typeof LOG_PAYLOAD)[number];
