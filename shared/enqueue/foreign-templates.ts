import { printableName } from '../runtime/printable-name.ts';

/** Filters of Jinja, Liquid, Twig and their kind that nobody means as a default text, with or without arguments. */
const FILTERS = new Set(
  (
    'capitalise capitalize downcase e escape json_encode jsonencode length lower lowercase lstrip nl2br rstrip safe strip ' +
    'strip_html strip_newlines striptags title titlecase to_json tojson trim upcase upper uppercase url_encode urlencode'
  ).split(' '),
);
/** Filters whose bare name could be a default text. */
const FILTERS_WITH_ARGUMENTS = new Set(
  (
    'abs append batch ceil concat date date_format default dictsort divided_by first float floor format group int join json ' +
    'last list map minus modulo number_format plus prepend replace replace_first reverse round slice sort split string ' +
    'strftime sum times truncate truncatewords where'
  ).split(' '),
);
/** Expressions longer than this are not quoted back, nor read for a form that works here. */
const MAX_READ_CHARACTERS = 200;

/** What a placeholder says in the words of another template language. `instead`: how to write it here, if there is a way. */
export type Foreign = { instead: string | undefined };

/** A default that only another language understands: a filter, or `|| 'text'`. Undefined for a default of this one. */
export function foreignFallback(path: string, fallback: string | undefined): Foreign | undefined {
  if (fallback === undefined || fallback === 'fallback' || /^fallback\s*:/.test(fallback)) return undefined;
  if (fallback.startsWith('|')) return { instead: withDefault(path, unquoted(fallback.slice(1).trim())) };
  const [, filter = '', call, after] = /^(\w+)\s*(?:(\(|:)\s*(.*)|\||$)/s.exec(fallback) ?? [];
  const isFilter = FILTERS.has(filter) || (call !== undefined && FILTERS_WITH_ARGUMENTS.has(filter));
  if (!isFilter) return undefined;
  const text = filter === 'default' ? unquoted((after ?? '').replace(/(?:,.*)?\)?$/s, '').trim()) : undefined;
  return { instead: text === undefined ? plain(path) : withDefault(path, text) };
}

/**
 * A path that only another language understands. A name of the context may look like it, so this is asked only about paths that
 * lead to no value.
 */
export function foreignPath(path: string): Foreign | undefined {
  const isForeign = /^(?:[$#/^>!&=~.-]|@(?:index|key|first|last|root)\b|else$)|[[\]()"'`]/.test(path);
  return isForeign ? { instead: plain(path) } : undefined;
}

/** How to write here what stands between braces that are no placeholder. */
export function readUnread(written: string): Foreign {
  if (written.length > MAX_READ_CHARACTERS) return { instead: undefined };
  const expression = written.replace(/^\{+|\}+$/g, '').trim();
  const [, path, text] = /^(\S+)\s*(?:\|\||\?\?|\bor\b)\s*(["'][^"']*["'])$/.exec(expression) ?? [];
  if (path !== undefined && text !== undefined) return { instead: withDefault(path, unquoted(text)) };
  return { instead: plain(expression) };
}

/** One sentence for the caller. The template is the caller's own text: it may be quoted, values may not. */
export function foreignWarning(written: string, { instead }: Foreign): string {
  const what = written === '{{' ? '{{ that nothing closes' : printableName(written);
  const way = instead === undefined ? '' : `; write ${instead}`;
  return `${what} is no placeholder here and is sent as it stands${way}`;
}

function plain(path: string): string | undefined {
  const own = ownPath(path);
  return own === undefined ? undefined : `{{${own}}}`;
}

function withDefault(path: string, text: string | undefined): string | undefined {
  const own = ownPath(path);
  if (own === undefined || text === undefined) return own === undefined ? undefined : `{{${own}}}`;
  return /[{}\n]/.test(text) ? undefined : `{{${own} | ${text}}}`;
}

/** `$json["a"][0].b`, `.a`, `&a` and `-a-` as paths of this language; undefined if it knows nothing like it. */
function ownPath(path: string): string | undefined {
  if (path.length > MAX_READ_CHARACTERS) return undefined;
  if (path === '$now') return 'current_time';
  const dotted = path
    .replace(/^[&=~.\s-]+|[~\s-]+$/g, '')
    .replace(/^\$json\b/, '')
    .replace(
      /\[(?:(\d+)|"([^"\]]+)"|'([^'\]]+)')\]/g,
      (_, ...names: (string | undefined)[]) => `.${names.find(Boolean) ?? ''}`,
    )
    .replace(/^\./, '');
  return /^[^\s|{}$#^>!@()"'`[\],;?<&=*+~/]+$/.test(dotted) && dotted !== 'else' ? dotted : undefined;
}

/** The text between quotes; undefined if it is anything but one text. */
function unquoted(text: string): string | undefined {
  return /^(["'])([^"']*)\1$/.exec(text)?.[2];
}
