import { isSensitiveName } from './sensitive-names.ts';

/**
 * Secrets and personal data that are recognized by their form. Each pattern is bounded: nothing that may repeat many times is
 * followed by something that can fail and be tried again one character later.
 */
const FORMS = [
  // A URL, read backwards from its `://`: read forwards, it would be tried at every letter of a long word.
  /:\/\/(?<=[a-z][a-z0-9+.-]{1,30}:\/\/)/i,
  /^\s*(?:\/\/|www\.)[^\s/]/i,
  /^\s*(?:mailto|tel|sip|sips|sms|data|javascript|urn|blob):/i,
  // An e-mail address, a phone number in international form.
  /[^\s@<>()",;:]@[^\s@<>()",;:]{1,253}\.[^\s@.]{2}/,
  /\+\d(?:[\s().-]{0,2}\d){6,14}/,
  // What follows a scheme of Authorization; but not `Basic subscription`.
  /\bBearer\s{1,8}\S{8}/i,
  /\bBasic\s{1,8}(?![A-Z]?[a-z]{1,60}(?![A-Za-z0-9+/=]))[A-Za-z0-9+/]{8}/,
  /\bAWS4-HMAC-SHA256\b/,
  // A JWT, or any JSON object in base64.
  /\beyJ[A-Za-z0-9_+/-]{8}/,
  /\bwh(?:sec|sk|pk)_\S/,
  /\b(?:sk|pk|rk|gh[opsur]|github_pat|glpat|npm|hf|shpat|dop_v1|xox[abeprs])[_-][A-Za-z0-9_-]{12}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{12}/,
  /\bAIza[A-Za-z0-9_-]{30}/,
  /-----BEGIN /,
];

/** One character written in another notation: a form, JSON or markup inside a text, inside another. */
const ESCAPE = new RegExp(
  [
    String.raw`%(?<percent>[0-9a-f]{2})|\\u(?<unit>[0-9a-f]{4})|\\x(?<byte>[0-9a-f]{2})|\\(?<letter>[^])`,
    String.raw`&#x(?<hex>[0-9a-f]{1,6});?|&#(?<decimal>\d{1,7});?|&(?<name>quot|apos|amp|lt|gt|equals|colon);`,
  ].join('|'),
  'gi',
);
const NAMED = new Map(Object.entries({ quot: '"', apos: "'", amp: '&', lt: '<', gt: '>', equals: '=', colon: ':' }));
/** Escapes inside escapes are undone to this depth. */
const DEPTH = 2;

/**
 * Whether a text contains what must not be shown: a known form anywhere in it, or a value after a sensitive name
 * (`password=…`, `{"api_key":…}`, `Authorization: …`, `<pin>…`, `--token …`), escaped or not. Linear in the text, whatever it
 * is.
 */
export function isSensitiveText(text: string): boolean {
  let read = text;
  for (let depth = 0; ; depth++) {
    if (FORMS.some((form) => form.test(read)) || namesSecret(read)) return true;
    const undone = depth < DEPTH ? read.replace(ESCAPE, unescape) : read;
    if (undone === read) return false;
    read = undone;
  }
}

/** A run of characters that names consist of, or one other character. */
const PIECE = /[\p{L}\p{M}\p{N}\p{Cf}_.\- ]+|[^]/gu;
/** What may stand between a name and its `:`, `=` or `>`. */
const CLOSING = /["'`\\\])\s]/;
const MAX_CLOSING = 8;
const FLAG = /(?:^| )--?(?<flag>[\p{L}\p{N}_-]{2,60}) /gu;

function namesSecret(text: string): boolean {
  let name: string | undefined;
  let closing = 0;
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece.length > 1 || /[\p{L}\p{N}]/u.test(piece)) {
      if (piece.trim() === '' && name !== undefined) continue;
      if (flagsOf(piece).some(isSensitiveName)) return true;
      name = lastWords(piece);
      closing = 0;
    } else if (name !== undefined && /[:=>]/.test(piece)) {
      if (isSensitiveName(name)) return true;
      name = undefined;
    } else if (!CLOSING.test(piece) || ++closing > MAX_CLOSING) {
      name = undefined;
    }
  }
  return false;
}

function flagsOf(run: string): string[] {
  return run.includes('-') ? [...run.matchAll(FLAG)].map(({ groups }) => groups?.['flag'] ?? '') : [];
}

/** `date of birth` is one name; what stands before it is prose. */
function lastWords(run: string): string {
  return run.trim().slice(-MAX_WORDS_CHARACTERS).split(/ +/).slice(-3).join(' ');
}

/** Three words of the longest kind. */
const MAX_WORDS_CHARACTERS = 100;

function unescape(...match: unknown[]): string {
  const { percent, unit, byte, letter, hex, decimal, name } = match.at(-1) as Record<string, string | undefined>;
  const digits = percent ?? unit ?? byte ?? hex;
  const point = digits === undefined ? Number(decimal) : parseInt(digits, 16);
  if (letter !== undefined) return letter === 'n' || letter === 'r' || letter === 't' ? ' ' : letter;
  if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? ' ';
  return point <= 0x10ffff ? String.fromCodePoint(point) : ' ';
}
