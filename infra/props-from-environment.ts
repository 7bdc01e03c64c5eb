import { type Environment, readDeliverySettings } from '../shared/settings.ts';
import { SETTING_PROPS } from './resolve-props.ts';
import { parseFlag, SETTINGS, type StackSettings } from './stack-settings.ts';

/** Unset, unknown runs and schemas follow from the kind of database. Which private addresses are let through is no matter of an environment. */
const CARRIED = [
  ...SETTING_PROPS.filter(([prop]) => prop !== 'privateReceivers'),
  ['registerUnknownRuns', 'REGISTER_UNKNOWN_RUNS'] as const,
];

/** The settings that an environment gives, and no defaults; throws MalformedSettings, which names the variables. */
export function propsFromEnvironment(environment: Environment): StackSettings {
  readDeliverySettings(environment);
  const given = CARRIED.flatMap(([prop, name]) => {
    const text = environment[name]?.trim();
    return text ? [[prop, parseFlag(text, SETTINGS[prop])]] : [];
  });
  return Object.fromEntries(given) as StackSettings;
}

/** The variable that gives a prop. */
export function variableOf(prop: string): string | undefined {
  return CARRIED.find(([name]) => name === prop)?.[1];
}
