import type { JsonObject } from '../../json-object.ts';
import { objects, optionalTexts, requiredText } from './secret-fields.ts';
import type { Secret } from './secret.ts';
import { SecretsError } from './secrets-error.ts';

type Filter = { values: readonly string[]; matches: (secret: Secret, value: string) => boolean };

/** All match prefixes, some of them ignoring case, as the reference of `Filter` says. */
const MATCHERS: Readonly<Record<string, Filter['matches']>> = {
  name: (secret, value) => secret.name.startsWith(value),
  description: (secret, value) => startsWithIgnoringCase(secret.description ?? '', value),
  'tag-key': (secret, value) => secret.tags.some((tag) => tag.key.startsWith(value)),
  'tag-value': (secret, value) => secret.tags.some((tag) => tag.value.startsWith(value)),
  'primary-region': () => false,
  'owning-service': () => false,
  all: (secret, value) =>
    value.split(/\s+/).every((word) => everyText(secret).some((text) => startsWithIgnoringCase(text, word))),
};

/** The secrets that pass every filter of the request; one value of a filter is enough, a leading `!` negates it. */
export function filtered(secrets: readonly Secret[], input: JsonObject): Secret[] {
  const filters = objects(input, 'Filters').map(readFilter);
  return secrets.filter((secret) => filters.every((filter) => passes(secret, filter)));
}

function passes(secret: Secret, { values, matches }: Filter): boolean {
  return values.some((value) => (value.startsWith('!') ? !matches(secret, value.slice(1)) : matches(secret, value)));
}

function readFilter(filter: JsonObject): Filter {
  const key = requiredText(filter, 'Key');
  const matches = MATCHERS[key];
  if (matches === undefined) throw new SecretsError('InvalidParameterException', `Invalid filter key: ${key}.`);
  return { values: optionalTexts(filter, 'Values') ?? [], matches };
}

function everyText(secret: Secret): string[] {
  const tags = secret.tags.flatMap((tag) => [tag.key, tag.value]);
  const texts = [secret.name, secret.description ?? '', ...tags];
  return [...texts, ...texts.flatMap((text) => text.split(/[\s/_+=.@-]+/))];
}

function startsWithIgnoringCase(text: string, prefix: string): boolean {
  return text.toLowerCase().startsWith(prefix.toLowerCase());
}
