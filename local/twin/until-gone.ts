import { statSync } from 'node:fs';
import type { Timers } from '../timers.ts';

/** A look costs microseconds, and whoever removes what is looked at is told within seconds. */
const LOOK_EVERY_MS = 1_000;

/** Resolves with what is gone as soon as `gone` answers something. */
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

/** Answers the first folder that is not the very one that it is now: one made anew under the same name is another. */
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
