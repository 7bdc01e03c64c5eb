import { MAX_NAME_CHARACTERS } from '../runtime/limits.ts';
import type { RequestWarnings } from './request-warnings.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A request without what forms leave behind in its members: an empty credential or list of headers, blanks around a credential,
 * a name that is too long. Each is a warning. An empty trace is none, without one. Values of other types than expected stay as they are, to be refused.
 */
export function tidyRequest(item: Fields, warnings: RequestWarnings): Fields {
  const tidy: Record<string, unknown> = {};
  const { credential_uuid: credential, custom_headers: headers, webhook_name: name } = item;
  const { traceparent: trace, tracestate: state } = item;
  if (typeof credential === 'string') tidy['credential_uuid'] = withoutBlanks(credential, warnings);
  if (headers === '') {
    warnings.add('custom_headers', 'is empty text and counts as left out');
    tidy['custom_headers'] = null;
  }
  if (typeof name === 'string') tidy['webhook_name'] = cutName(name, warnings);
  // As propagators leave it where nothing is traced.
  if (typeof trace === 'string' && trace.trim() === '') tidy['traceparent'] = null;
  if (typeof state === 'string' && state.trim() === '') tidy['tracestate'] = null;
  return { ...item, ...tidy };
}

function withoutBlanks(credential: string, warnings: RequestWarnings): string | null {
  const trimmed = credential.trim();
  if (trimmed === '') {
    warnings.add('credential_uuid', 'is empty and counts as left out: the webhook is sent without a credential');
    return null;
  }
  if (trimmed !== credential) warnings.add('credential_uuid', 'blanks around it were cut off');
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
