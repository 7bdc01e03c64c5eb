// The licences of what bundles are made of: most of them ask to be passed on with every copy.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Manifest = { name: string; version: string; license?: string };

/** Licences that allow a copy inside another package, if they come along. */
const ALLOWED = new Set(['MIT', 'MIT-0', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0']);

/**
 * One text with the licence of every package that the files belong to, each licence once. Throws for a package under a licence that is not known to
 * allow this, such as the AGPL.
 *
 * @param inputs files that went into bundles, relative to `project`
 */
export function thirdPartyLicences(project: string, inputs: Iterable<string>): string {
  const places = new Set([...inputs].flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const bearers = new Map<string, string[]>();
  for (const place of places) {
    const folder = join(project, place);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    const { name, version, license = 'unknown' } = manifest;
    if (!ALLOWED.has(license)) throw new Error(`${name} ${version} has the licence ${license}: it cannot be bundled`);
    const text = textIn(folder);
    bearers.set(text, [...(bearers.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...bearers].map(([text, names]) => `${[...new Set(names)].toSorted().join('\n')}\n\n${text}`);
  return `${parts.toSorted().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** The package's own text, and what Apache's licence asks to keep beside it. */
function textIn(folder: string): string {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const named = files.filter((name) => /^(?:licen[cs]e|notice)(?:\.(?:md|txt))?$/i.test(name)).toSorted();
  return named.map((name) => readFileSync(join(folder, name), 'utf8').trim()).join('\n\n');
}
