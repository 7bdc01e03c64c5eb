/** Milliseconds of a clock that only goes forward and is the same for every process of a machine. */
export function sharedClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
