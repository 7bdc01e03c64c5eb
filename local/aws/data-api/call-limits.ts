/** "The maximum size of the HTTP request … is 4 MiB. This includes the size of the HTTP headers and the JSON notation." */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** "The response size limit is 1 MiB." Counted as JSON, the strictest reading. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;
/** "64 KB per row in the result set returned by the database." Counted as JSON, the strictest reading. */
export const MAX_ROW_BYTES = 64 * 1024;
/** "By default, a call times out if it's not finished processing within 45 seconds." */
export const CALL_TIMEOUT_MS = 45_000;
/** "A transaction times out if there are no calls that use its transaction ID in three minutes." */
export const TRANSACTION_IDLE_MS = 3 * 60_000;
/** "A transaction can run for a maximum of 24 hours." */
export const TRANSACTION_TOTAL_MS = 24 * 3_600_000;
/** Length constraints of the API reference, characters. */
export const MAX_LENGTHS = { resourceArn: 100, secretArn: 100, sql: 65_536, database: 64, transactionId: 192 } as const;
/** "Minimum length of 11." */
export const MIN_ARN_CHARACTERS = 11;
