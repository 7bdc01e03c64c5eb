import { readFileSync, statSync } from 'node:fs';
import { classifyFailure } from './http-failure.ts';

/** The machine's own list of names, such as `/etc/hosts`: read when first needed, and again when it has changed. */
export class HostsFile {
  readonly #path: string;
  #version: string | undefined;
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The addresses of a name in lower case, in the file's order; none if it is not listed. Throws when this process has run
   * out of files.
   */
  addressesOf(host: string): readonly string[] {
    try {
      this.#readIfChanged();
    } catch (error) {
      if (classifyFailure(error, 'dns').kind === 'exhausted') throw error;
      // A file that cannot be read counts as empty, as it does in other resolvers.
      this.#addresses = new Map();
    }
    return this.#addresses.get(host) ?? [];
  }

  #readIfChanged(): void {
    const stat = statSync(this.#path);
    const version = `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    if (version === this.#version) return;
    this.#addresses = parseHosts(readFileSync(this.#path, 'utf8'));
    this.#version = version;
  }
}

/** Lines of an address and its names; `#` begins a comment. */
function parseHosts(text: string): Map<string, string[]> {
  const addresses = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line
      .replace(/#.*/s, '')
      .split(/\s+/)
      .filter((word) => word !== '');
    for (const name of names) {
      const host = name.toLowerCase().replace(/\.$/, '');
      const known = addresses.get(host);
      if (address === undefined) continue;
      if (known === undefined) addresses.set(host, [address]);
      else known.push(address);
    }
  }
  return addresses;
}
