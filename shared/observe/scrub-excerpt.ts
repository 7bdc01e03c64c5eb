import { RESPONSE_EXCERPT_BYTES } from '../runtime/limits.ts';
import { REDACTED } from './redaction.ts';
import { lettersOnly } from './notations.ts';
import { foldText, secretForms, type Fold, type SecretForm } from './secret-forms.ts';
import { readingsOf, undo, type Reading } from './text-readings.ts';

/** How much longer than itself a form can be in the source: `&#x00000061;`, or `%5Cu0061` escaped twice. */
const LONGEST_ESCAPE = 18;
/** If a whole body ends in fewer characters of a secret than this, that is chance. */
const CHANCE_CHARACTERS = 4;

type Cut = { start: number; end: number };

/** A form prepared for the search. */
type Needle = SecretForm & { fallback: Uint32Array };

/** A reading folded in every way, folded once for all needles. */
type Haystack = Record<Fold, Reading>;

/**
 * The beginning of a response, made safe to keep: every secret value is cut out of it, plain and encoded, and so is a piece
 * of one at the very end, where reading stopped. The rest is decoded leniently as UTF-8, whatever charset the receiver names,
 * without NUL. `body` should be longer than what is kept. The result is at most `keepBytes` of UTF-8.
 */
export function scrub(
  body: Uint8Array | string,
  secretValues: readonly string[],
  keepBytes: number = RESPONSE_EXCERPT_BYTES,
): string {
  const needles = secretForms(secretValues).map((form) => ({ ...form, fallback: fallbacks(form.pattern) }));
  const longest = Math.max(0, ...needles.map(({ pattern }) => pattern.length));
  const bytes =
    typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body.buffer, body.byteOffset, body.length);
  const window = bytes.subarray(0, keepBytes + longest * LONGEST_ESCAPE);
  // Removed before the search: in UTF-16 every letter has a NUL, and the text would become readable once they are gone.
  const source = window.toString('latin1').replaceAll('\0', '');
  const end = window.length >= keepBytes ? 'stopped' : 'whole';
  const minTail = end === 'stopped' ? 1 : CHANCE_CHARACTERS;
  const cuts: Cut[] = [];
  let keep = Math.min(source.length, keepBytes);
  for (const haystack of needles.length === 0 ? [] : readingsOf(source, end).map(toHaystack)) {
    for (const needle of needles) {
      const { starts } = haystack[needle.fold];
      const found = search(haystack[needle.fold], needle, keepBytes);
      cuts.push(...found.cuts);
      if (found.tail >= minTail) keep = Math.min(keep, starts[starts.length - found.tail] ?? keep);
    }
  }
  return clip(readable(cutOut(source, cuts, keep)), keepBytes);
}

/** The parts of a `webhook-signature` header a receiver may echo: whole, each signature, and each without its version. */
export function signatureValues(signatureHeader: string): string[] {
  const signatures = signatureHeader.split(' ').filter((part) => part !== '');
  return [signatureHeader, ...signatures, ...signatures.map((part) => part.slice(part.indexOf(',') + 1))];
}

/**
 * Every occurrence of a needle that begins in the kept part, and how many of its characters stand at the very end. Knuth,
 * Morris and Pratt: linear for any text, because both sender and receiver may be hostile.
 */
function search({ text, starts, ends }: Reading, needle: Needle, keepBytes: number): { cuts: Cut[]; tail: number } {
  const { pattern, fallback } = needle;
  const cuts: Cut[] = [];
  if (!text.includes(pattern) && !mayEndWithPiece(text, pattern)) return { cuts, tail: 0 };
  let matched = 0;
  for (let index = 0; index < text.length; index++) {
    while (matched > 0 && (matched === pattern.length || pattern[matched] !== text[index])) {
      matched = fallback[matched - 1] ?? 0;
    }
    if (pattern[matched] === text[index]) matched += 1;
    // What begins after the kept part is dropped with the rest.
    if ((starts[index + 1 - matched] ?? 0) >= keepBytes) return { cuts, tail: 0 };
    if (matched !== pattern.length) continue;
    const cut = widen({ start: index + 1 - matched, end: index + 1 }, text, needle);
    if (cut === undefined) continue;
    cuts.push({ start: starts[cut.start] ?? 0, end: ends[cut.end - 1] ?? 0 });
  }
  return { cuts, tail: needle.wholeWord === true || matched === pattern.length ? 0 : matched };
}

/** Cheap, and rarely true if there is no piece: most of the hundred or so needles are in no reading at all. */
function mayEndWithPiece(text: string, pattern: string): boolean {
  for (let length = 1; length < CHANCE_CHARACTERS; length++) {
    if (text.endsWith(pattern.slice(0, length))) return true;
  }
  return text.includes(pattern.slice(0, CHANCE_CHARACTERS), text.length - pattern.length);
}

function toHaystack(reading: Reading): Haystack {
  const fold = (read: Reading, how: Fold): Reading => ({ ...read, text: foldText(read.text, how) });
  return {
    exact: reading,
    caseless: fold(reading, 'caseless'),
    base64: fold(reading, 'base64'),
    letters: fold(undo(reading, lettersOnly) ?? reading, 'letters'),
  };
}

/** For each prefix, the length of the longest shorter prefix that also ends it. */
function fallbacks(pattern: string): Uint32Array {
  const table = new Uint32Array(pattern.length);
  let matched = 0;
  for (let index = 1; index < pattern.length; index++) {
    while (matched > 0 && pattern[matched] !== pattern[index]) matched = table[matched - 1] ?? 0;
    if (pattern[matched] === pattern[index]) matched += 1;
    table[index] = matched;
  }
  return table;
}

/** Includes the characters that base64 shares with its neighbours; a short value has to stand alone. */
function widen(cut: Cut, text: string, needle: Needle): Cut | undefined {
  const at = (index: number) => text[index] ?? '\0';
  if (needle.wholeWord === true) {
    return isWordCharacter(at(cut.start - 1)) || isWordCharacter(at(cut.end)) ? undefined : cut;
  }
  if (needle.fold !== 'base64') return cut;
  const start = needle.sharesBefore === true && isBase64(at(cut.start - 1)) ? cut.start - 1 : cut.start;
  let end = needle.sharesBehind === true && isBase64(at(cut.end)) ? cut.end + 1 : cut.end;
  while (at(end) === '=') end += 1;
  return { start, end };
}

function isWordCharacter(character: string): boolean {
  return /[A-Za-z0-9\u0080-\u00ff]/.test(character);
}

function isBase64(character: string): boolean {
  return /[A-Za-z0-9+/]/.test(character);
}

/** The first `keep` bytes with the cuts replaced; a cut that extends beyond them is replaced as a whole. */
function cutOut(source: string, cuts: Cut[], keep: number): string {
  let text = '';
  let done = 0;
  for (const cut of cuts.toSorted((a, b) => a.start - b.start)) {
    if (cut.start >= keep) break;
    if (cut.start >= done) text += source.slice(done, cut.start) + REDACTED;
    done = Math.max(done, cut.end);
  }
  return text + source.slice(done, Math.max(done, keep));
}

/** Bytes to text. A character cut in half at the end is dropped, one broken elsewhere becomes U+FFFD. */
function readable(bytes: string): string {
  return new TextDecoder('utf-8').decode(Buffer.from(bytes, 'latin1'), { stream: true });
}

function clip(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  return new TextDecoder('utf-8').decode(bytes.subarray(0, maxBytes), { stream: true });
}
