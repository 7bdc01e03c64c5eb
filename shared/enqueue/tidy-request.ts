import { MAX_NAME_CHARACTERS } from '../runtime/limits.ts';
import type { RequestWarnings } from './request-warnings.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What is said of a member that is left out because nothing but blanks is in it; of a trace nothing. */
const LEFT_OUT = {
  credential_uuid: 'is empty and counts as left out: the webhook is sent without a credential',
  ordering_key: 'is empty and counts as left out: the webhook waits for no other',
  // As propagators leave it where nothing is traced.
  traceparent: undefined,
} as const;

/**
 * A request without what forms leave behind in its members: an empty credential, ordering key or list of headers, blanks around a
 * credential, an ordering key or a trace, a name that is too long. Each is a warning. An empty trace is none, without one. Values of
 * other types than expected stay as they are, to be refused.
 */
export function tidyRequest(item: Fields, warnings: RequestWarnings): Fields {
  const tidy: Record<string, unknown> = {};
  const { custom_headers: headers, webhook_name: name, tracestate: state } = item;
  for (const member of ['credential_uuid', 'ordering_key', 'traceparent'] as const) {
    const text = item[member];
    if (typeof text === 'string') tidy[member] = withoutBlanks(member, text, warnings);
  }
  if (headers === '') {
    warnings.add('custom_headers', 'is empty text and counts as left out');
    tidy['custom_headers'] = null;
  }
  if (typeof name === 'string') tidy['webhook_name'] = cutName(name, warnings);
  // Blanks around its entries are the specification's own, and cut off where those are read.
  if (typeof state === 'string' && state.trim() === '') tidy['tracestate'] = null;
  return { ...item, ...tidy };
}

function withoutBlanks(member: keyof typeof LEFT_OUT, text: string, warnings: RequestWarnings): string | null {
  const trimmed = text.trim();
  if (trimmed === '') {
    const words = LEFT_OUT[member];
    if (words !== undefined) warnings.add(member, words);
    return null;
  }
  if (trimmed !== text) warnings.add(member, 'blanks around it were cut off');
  return trimmed;
}

/** Characters are code points, as in the database. */
function cutName(name: string, warnings: RequestWarnings): string {
  if (name.length <= MAX_NAME_CHARACTERS) return name;
  const characters = [...name];
  if (characters.length <= MAX_NAME_CHARACTERS) return name;
  warnings.add('webhook_name', `only its first ${MAX_NAME_CHARACTERS} characters were kept`);
  return characters.slice(0, MAX_NAME_CHARACTERS).join('');
}
