import { type Environment, MalformedSettings, unknownSettings } from '../shared/settings.ts';
import { propsFromEnvironment, variableOf } from './props-from-environment.ts';
import { InvalidProps } from './resolve-props.ts';
import { settingsFromFlags } from './settings-from-flags.ts';
import type { SettingsFile } from './settings-file.ts';
import { isRecord, settingsFaults, type StackSettings } from './stack-settings.ts';

export type SettingsSources = {
  file: SettingsFile;
  environment: Environment;
  /** Context of the CDK's app. */
  flags: Readonly<Record<string, unknown>>;
};

/** Settings, and what to tell whoever synthesizes: each one that does not come from the file. */
export type GatheredSettings = { settings: StackSettings; told: string[] };

/**
 * The settings of the stack: the file's, over them those of the environment, over both the flags. Throws InvalidProps or
 * MalformedSettings with every fault of the first source that has any.
 */
export function gatherSettings({ file, environment, flags }: SettingsSources): GatheredSettings {
  const faults = settingsFaults(file.content);
  if (faults.length > 0) throw new InvalidProps(faults.map((fault) => `${file.name}: ${fault}`));
  const unknown = unknownSettings(environment);
  if (unknown.length > 0) throw new MalformedSettings(unknown);
  const fromEnvironment = propsFromEnvironment(environment);
  const fromFlags = settingsFromFlags(flags);
  const settings = withKind(merged(merged(file.content, fromEnvironment), fromFlags) as StackSettings);
  const told = [
    ...tellOver(file, fromEnvironment, (path) => variableOf(path) ?? 'the environment'),
    ...tellOver(file, fromFlags, (path) => `-c ${path}`),
  ];
  return { settings, told };
}

/** A member that both have is the upper one's; objects are merged member by member. */
function merged(lower: unknown, upper: unknown): unknown {
  if (!isRecord(lower) || !isRecord(upper)) return upper;
  const names = new Set([...Object.keys(lower), ...Object.keys(upper)]);
  return Object.fromEntries(
    [...names].map((name) => [name, name in upper ? merged(lower[name], upper[name]) : lower[name]]),
  );
}

/** Where the database is follows from a secret. A name alone could mean either, and a mistake would make an empty cluster. */
function withKind(settings: StackSettings): StackSettings {
  const given: unknown = settings.database;
  if (!isRecord(given) || given['kind'] !== undefined) return settings;
  if ('clusterIdentifier' in given && !('secretArn' in given)) {
    throw new InvalidProps([
      'database.kind must be new or existing where clusterIdentifier is given without secretArn: an existing database needs its secret',
    ]);
  }
  const kind = 'secretArn' in given ? 'existing' : 'new';
  return { ...settings, database: { ...given, kind } as unknown as NonNullable<StackSettings['database']> };
}

function tellOver(file: SettingsFile, given: object, source: (path: string) => string): string[] {
  return leaves(given, []).map(({ path, value }) => {
    const name = path.join('.');
    const before = path.reduce<unknown>((inner, member) => (isRecord(inner) ? inner[member] : undefined), file.content);
    // Somebody's address is nothing for a build's log.
    const shown = name === 'alarmEmail' ? 'another address' : JSON.stringify(value);
    const over = before === undefined ? `not in ${file.name}` : `over ${file.name}`;
    return `setting ${name}: ${shown} from ${source(name)}, ${over}`;
  });
}

function leaves(value: unknown, path: readonly string[]): { path: readonly string[]; value: unknown }[] {
  if (!isRecord(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]));
}
