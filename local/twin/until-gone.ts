import { statSync } from 'node:fs';
import type { Timers } from '../timers.ts';

/** A check costs microseconds, and a removal is noticed within seconds. */
const LOOK_EVERY_MS = 1_000;

/** Resolves with the result of `gone` as soon as it returns something. */
export function untilGone<What>(gone: () => What | undefined, timers: Timers): Promise<What> {
  return new Promise((resolve) => {
    const look = (): void => {
      const what = gone();
      if (what === undefined) timers.after(LOOK_EVERY_MS, look);
      else resolve(what);
    };
    look();
  });
}

/** Returns the first folder that is gone or was replaced: a new folder under the same name counts as gone. */
export function goneFolder(paths: readonly string[]): () => string | undefined {
  const before = paths.map(identityOf);
  return () => paths.find((path, index) => identityOf(path) !== before[index]);
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
