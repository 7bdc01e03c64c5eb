import { readFileSync } from 'node:fs';
import type { MemorySample } from './flatness.ts';
import { processesOf } from './process-tree.ts';

/** Of one process, while it lived. */
export type ProcessMemory = { pid: number; role: string; samples: MemorySample[] };

/** Watches what the processes of a stack hold, from `/proc`. */
export class MemoryWatch {
  readonly #mainPid: number;
  readonly #functions: Readonly<Record<string, string>>;
  readonly #processes = new Map<number, ProcessMemory>();

  /** @param functions physical names by role, as in `endpoints.json` */
  constructor(mainPid: number, functions: Readonly<Record<string, string>>) {
    this.#mainPid = mainPid;
    this.#functions = functions;
  }

  sample(atSeconds: number): void {
    for (const { pid, role } of processesOf(this.#mainPid, this.#functions)) {
      const bytes = ownBytes(pid);
      if (bytes === undefined) continue;
      const known = this.#processes.get(pid) ?? { pid, role, samples: [] };
      known.samples.push({ atSeconds, bytes });
      this.#processes.set(pid, known);
    }
  }

  processes(): ProcessMemory[] {
    return [...this.#processes.values()];
  }
}

/**
 * Resident and private, bytes: the heap and what V8 compiled, but no mapped file and no memory that PostgreSQL's processes share.
 * Undefined for a process that has just ended.
 */
function ownBytes(pid: number): number | undefined {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
