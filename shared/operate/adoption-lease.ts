/**
 * Seconds for which a row that was changed may be in flight in another pipeline, whose workers claim a row by changing it: the
 * time-out of its workers and a minute.
 */
export const ADOPTION_LEASE = { default: 60, margin: 60, max: 3600 };
