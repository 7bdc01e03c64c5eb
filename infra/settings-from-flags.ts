import { InvalidProps } from './resolve-props.ts';
import { flagNames, inWords, isRecord, parseFlag, type StackSettings, unknownName } from './stack-settings.ts';

/** Context that the CDK and its look-ups keep for themselves has names that no setting could have. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9.]*$/;

/**
 * The settings given by `cdk deploy -c name=value`. Throws InvalidProps for names nobody knows, with the nearest one, for values
 * of another kind, and for a setting that is given by two of its names.
 */
export function settingsFromFlags(context: Readonly<Record<string, unknown>>): StackSettings {
  const known = flagNames();
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(context)) {
    if (!PLAIN_NAME.test(name)) continue;
    const flag = known.find(({ names }) => names.includes(name));
    if (flag === undefined) {
      faults.push(
        unknownName(
          name,
          known.flatMap(({ names }) => names),
        ),
      );
      continue;
    }
    // An empty flag is none: scripts write `-c name=$VALUE`.
    if (given === '') continue;
    const value = parseFlag(String(given), flag.kind);
    if (value === undefined) faults.push(`${name} must be ${inWords(flag.kind)}`);
    else if (!put(settings, flag.path, value)) faults.push(`${name} is given twice, by two of its names`);
  }
  if (faults.length > 0) throw new InvalidProps(faults);
  return settings as StackSettings;
}

/** Whether there was no value yet. */
function put(settings: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): boolean {
  if (rest.length > 0) {
    const below = settings[first];
    const inner = isRecord(below) ? below : {};
    settings[first] = inner;
    return put(inner, rest, value);
  }
  if (first in settings) return false;
  settings[first] = value;
  return true;
}
