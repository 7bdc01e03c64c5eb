/**
 * What the line of an attempt shows of its payload. `shape`: names of members, types and lengths. `values`: the values, too,
 * but for what is known to be secret or personal. `none`: nothing.
 */
export const LOG_PAYLOAD = ['shape', 'values', 'none'] as const;
export type LogPayload = (typeof LOG_PAYLOAD)[number];
