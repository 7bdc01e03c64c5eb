import { closeSync, fstatSync, openSync, readSync, watch } from 'node:fs';
import { join } from 'node:path';

/** What the functions of a stack write, as it is written: the signal that something has become of a delivery. */
export class FunctionLog {
  readonly #file: string;
  readonly #watcher: ReturnType<typeof watch>;
  #lines: string[] = [];
  #offset = 0;
  #rest = '';
  #wake: (() => void)[] = [];

  constructor(dataDir: string) {
    this.#file = join(dataDir, 'functions.log');
    this.#watcher = watch(dataDir, () => this.#read());
    this.#read();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Settles once `look` answers something; asks again at each new line. */
  async until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    for (;;) {
      const seen = this.#lines.length;
      const found = await look();
      if (found !== undefined) return found;
      // Lines that came while it was looking call for another look.
      if (this.#lines.length === seen) await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  close(): void {
    this.#watcher.close();
  }

  #read(): void {
    let file: number;
    try {
      file = openSync(this.#file, 'r');
    } catch {
      return;
    }
    // A full file is put aside, and a new one begun.
    if (fstatSync(file).size < this.#offset) this.#offset = 0;
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#offset));
    const read = readSync(file, bytes, 0, bytes.length, this.#offset);
    closeSync(file);
    this.#offset += read;
    const lines = (this.#rest + bytes.toString('latin1', 0, read)).split('\n');
    this.#rest = lines.pop() ?? '';
    if (lines.length === 0) return;
    this.#lines.push(...lines);
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
