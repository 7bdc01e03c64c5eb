/** What whoever asked is told while the database wakes up, by the command line and the console alike. */
export const DATABASE_WAKES =
  'The database was asleep and is waking up, which takes up to half a minute. Try again then.';

/** By these words a function that gave up, or AWS, says that the database was asleep. */
const ASLEEP = /DatabaseResuming|is resuming|after being auto-paused/i;

/** Whether a fault, as its type and words tell it, means that the database was asleep. */
export function meansSleepingDatabase(fault: string): boolean {
  return ASLEEP.test(fault);
}
