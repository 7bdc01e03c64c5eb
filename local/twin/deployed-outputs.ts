import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '../json-object.ts';

const FILE = 'deployed.json';

/** The outputs of the version that an earlier start deployed on this folder; undefined if none did. */
export function readDeployedOutputs(dataDir: string): Record<string, string> | undefined {
  try {
    const outputs: unknown = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8'));
    return isJsonObject(outputs) ? textsOf(outputs) : undefined;
  } catch {
    return undefined;
  }
}

/** Written by rename: a start that is killed leaves what was deployed before. */
export function writeDeployedOutputs(dataDir: string, outputs: Readonly<Record<string, string>>): void {
  const file = join(dataDir, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(outputs, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function textsOf(outputs: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outputs).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
