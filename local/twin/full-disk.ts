import { statfsSync } from 'node:fs';
import type { Timers } from '../timers.ts';

/** PostgreSQL makes its log in files of 16 MiB; without room for two, the next statement may end it. */
const TOO_LITTLE_BYTES = 32 * 1024 * 1024;
/** Twice as much, so that it is not said back and forth. */
const ENOUGH_BYTES = 2 * TOO_LITTLE_BYTES;
const LOOK_EVERY_MS = 2_000;

const MIB = 1024 * 1024;

/** Says once that the disk of a folder is full, and once that there is room again. Returns a function that ends it. */
export function watchDisk({
  folder,
  say,
  timers,
  freeBytes = freeBytesOf,
}: {
  folder: string;
  say: (line: string) => void;
  timers: Timers;
  /** Undefined while nobody can say. */
  freeBytes?: (folder: string) => number | undefined;
}): () => void {
  let isFull = false;
  let cancel = (): void => {};
  const look = (): void => {
    const free = freeBytes(folder);
    if (free !== undefined && !isFull && free < TOO_LITTLE_BYTES) {
      isFull = true;
      say(
        `the disk of ${folder} is full (${Math.floor(free / MIB)} MiB left): the database cannot write, so enqueue fails as TemporaryFailure and deliveries wait. Make room; nothing accepted is lost`,
      );
    } else if (free !== undefined && isFull && free >= ENOUGH_BYTES) {
      isFull = false;
      say(`the disk of ${folder} has room again`);
    }
    cancel = timers.after(LOOK_EVERY_MS, look);
  };
  look();
  return () => cancel();
}

function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
