import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Synthesis is most of a start's time. An assembly is named by a hash of all its inputs, so an outdated one is made anew. */
const KEPT = fileURLToPath(new URL('../../../node_modules/.cache/surehook-assemblies/', import.meta.url));

/** Puts the assembly of the last stack with these settings where a start looks for it. */
export function bringAssembly(dataDir: string, settings: Readonly<Record<string, string>>): void {
  const kept = placeOf(settings);
  for (const name of assembliesIn(kept)) cpSync(join(kept, name), join(dataDir, name), { recursive: true });
}

/** Keeps the assembly a start has made, for the next with the same settings. */
export function keepAssembly(dataDir: string, settings: Readonly<Record<string, string>>): void {
  const kept = placeOf(settings);
  const [name] = assembliesIn(dataDir);
  if (name === undefined || existsSync(join(kept, name))) return;
  // Two test files may do this at once: each works aside, and the last rename stays.
  const aside = join(KEPT, `aside-${randomUUID()}`);
  const outdated = join(KEPT, `outdated-${randomUUID()}`);
  try {
    mkdirSync(aside, { recursive: true });
    cpSync(join(dataDir, name), join(aside, name), { recursive: true });
    if (existsSync(kept)) renameSync(kept, outdated);
    renameSync(aside, kept);
  } catch {
    // The other file was quicker, or the installed packages are read-only: then the next start synthesizes again.
    rmSync(aside, { recursive: true, force: true });
  }
  rmSync(outdated, { recursive: true, force: true });
}

function placeOf(settings: Readonly<Record<string, string>>): string {
  const key = JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return join(KEPT, createHash('sha256').update(key).digest('hex').slice(0, 16));
}

function assembliesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^assembly-[0-9a-f]{24}$/.test(name)) : [];
}
