import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Environment, nearestName } from '../shared/settings.ts';
import { InvalidProps } from './resolve-props.ts';

/** What the settings file exports, not yet looked at, and how it is called in messages. */
export type SettingsFile = { name: string; content: unknown };

/** Beside `cdk.json`, from where the CDK and `npm start` run. */
const FILE = 'surehook.settings.ts';
const VARIABLE = 'SUREHOOK_SETTINGS';

/**
 * Reads the settings file: `surehook.settings.ts`, or the one that `SUREHOOK_SETTINGS` names, for example one for staging. No file
 * is no settings, but a named one must be there. Throws InvalidProps.
 */
export async function readSettingsFile(environment: Environment): Promise<SettingsFile> {
  const mistyped = Object.keys(environment).filter(
    (name) => /^surehook_/i.test(name) && name !== VARIABLE && nearestName(name, [VARIABLE]) !== undefined,
  );
  if (mistyped.length > 0) {
    throw new InvalidProps(mistyped.map((name) => `${name} is not a setting: did you mean ${VARIABLE}?`));
  }
  const named = environment[VARIABLE]?.trim();
  const name = named || FILE;
  const path = resolve(name);
  if (!existsSync(path)) {
    if (named) throw new InvalidProps([`${VARIABLE} names ${name}, which is not there`]);
    return { name, content: {} };
  }
  try {
    const { default: content } = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return { name, content };
  } catch (cause) {
    throw new InvalidProps([`${name} cannot be read: ${cause instanceof Error ? cause.message : 'unknown fault'}`]);
  }
}
