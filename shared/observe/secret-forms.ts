import { lettersOnly } from './notations.ts';

/**
 * The forms in which a receiver may echo a secret. Texts here are "byte strings": one character for each byte of UTF-8, so
 * that a form is found whatever the bytes around it decode to.
 */
export type SecretForm = {
  pattern: string;
  /** How a reading is folded before the pattern is looked for. All but `letters` keep every position. */
  fold: Fold;
  /** A value this short is cut only where it stands alone: cutting each of its letters would spell it out. */
  wholeWord?: true;
  /** In base64 the character before or after the pattern also holds bits of the secret. */
  sharesBefore?: boolean;
  sharesBehind?: boolean;
};

/** `caseless`: receivers write keys, UUIDs and hex in any case. `letters`: and with any separators. */
export type Fold = 'exact' | 'caseless' | 'base64' | 'letters';

/** Values below this are cut only as whole words, and only plain. */
const SHORT_VALUE_BYTES = 4;
/** Shorter pieces of an encoding occur in any text by chance. */
const MIN_ENCODED_PIECE = 4;
/** Fewer letters and digits in a row occur by chance in a text without separators. */
const MIN_LETTERS = 6;
/** 12 bytes: anything that decodes to less is unlikely to be a key or a signature. */
const MIN_ENCODED_VALUE = 16;
const MIN_HEX_VALUE = 24;

/** Every form of these secret values, without duplicates. */
export function secretForms(values: readonly string[]): SecretForm[] {
  const forms = values.flatMap(formsOf);
  return [...new Map(forms.map((form) => [`${form.fold} ${form.pattern}`, form])).values()];
}

/**
 * One value: plain (UTF-8 and Latin-1, composed and decomposed, in any case), its letters alone, base64 at any alignment,
 * hex, and the bytes that it encodes.
 */
function formsOf(value: string): SecretForm[] {
  if (value === '') return [];
  // Receivers strip blanks around a header value.
  const trimmed = value.trim() === '' ? value : value.trim();
  if (Buffer.byteLength(value) < SHORT_VALUE_BYTES) {
    const spellings = [...byteSpellings(value), ...byteSpellings(trimmed)];
    return spellings.map((bytes) => ({ pattern: bytes.toString('latin1'), fold: 'exact', wholeWord: true }));
  }
  // Letters beyond ASCII have other bytes in the other case, so folding bytes does not cover them.
  const plain = [value, trimmed, value.toLowerCase(), value.toUpperCase()].flatMap(byteSpellings).map(plainForm);
  const encoded = byteSpellings(value).flatMap(encodings);
  const inner = [decodeBase64(value), decodeHex(value)].filter((bytes) => bytes !== undefined);
  return [
    ...[...plain, ...encoded].flatMap(withLetters),
    ...inner.flatMap((bytes) => [plainForm(bytes), ...encodings(bytes).flatMap(withLetters)]),
    ...(inner.length === 0 ? [] : [{ pattern: bare(value), fold: 'base64' as const }]),
  ];
}

/** The text as the patterns of a fold expect it, position for position; for `letters`, what is left of it. */
export function foldText(text: string, fold: Fold): string {
  switch (fold) {
    case 'exact':
      return text;
    case 'base64':
      return text.replaceAll('-', '+').replaceAll('_', '/');
    case 'caseless':
    case 'letters':
      // ASCII alone: other characters here are bytes of UTF-8.
      return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
  }
}

/**
 * As the bytes of UTF-8, composed and decomposed; as those of Latin-1, where an HTTP header carries é as one byte; else as
 * those of UTF-16, whose NULs no reading has.
 */
function byteSpellings(value: string): Buffer[] {
  const spellings = [value, value.normalize('NFC'), value.normalize('NFD')].map((text) => Buffer.from(text, 'utf8'));
  const latin1 = Buffer.from(value, 'latin1');
  if (latin1.toString('latin1') === value) return [...spellings, latin1];
  const wide = Buffer.from(value, 'utf16le');
  return [...spellings, ...[wide, Buffer.from(wide).swap16()].map((bytes) => bytes.filter((byte) => byte !== 0))].map(
    (bytes) => Buffer.from(bytes),
  );
}

function plainForm(bytes: Buffer): SecretForm {
  return { pattern: foldText(bytes.toString('latin1'), 'caseless'), fold: 'caseless' };
}

/** A form, and in addition its letters and digits alone, if there are enough of them to tell it from ordinary words. */
function withLetters(form: SecretForm): SecretForm[] {
  if (form.fold !== 'caseless') return [form];
  const pattern = form.pattern.replaceAll(lettersOnly.escape, '');
  if (pattern.length < MIN_LETTERS) return [form];
  const letters: SecretForm = { pattern, fold: 'letters' };
  // Without separators of its own it is also found there, if nothing stands in between.
  return pattern === form.pattern ? [letters] : [form, letters];
}

function encodings(bytes: Buffer): SecretForm[] {
  const hex: SecretForm = { pattern: bytes.toString('hex'), fold: 'caseless' };
  return [hex, ...[0, 1, 2].map((offset) => base64Form(bytes, offset))].filter(
    ({ pattern }) => pattern.length >= MIN_ENCODED_PIECE,
  );
}

/**
 * The base64 characters that these bytes alone determine when `offset` other bytes precede them in a group of three, whatever
 * surrounds them: base64 of a whole header line or document contains the secret in this form.
 */
function base64Form(bytes: Buffer, offset: number): SecretForm {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const endBits = (offset + bytes.length) * 8;
  return {
    pattern: encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(endBits / 6)),
    fold: 'base64',
    sharesBefore: offset > 0,
    sharesBehind: endBits % 6 > 0,
  };
}

/** The bytes of a value that is itself base64 (a signature, a signing key, basic auth); undefined for any other. */
function decodeBase64(value: string): Buffer | undefined {
  const text = bare(value);
  if (text.length < MIN_ENCODED_VALUE || !/^[A-Za-z0-9+/]+$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/** The same for a value that is hex or a UUID. */
function decodeHex(value: string): Buffer | undefined {
  const digits = value.replaceAll('-', '');
  return digits.length < MIN_HEX_VALUE || !/^(?:[0-9a-f]{2})+$/i.test(digits) ? undefined : Buffer.from(digits, 'hex');
}

/** Without the prefix of a key or a signature, without padding, in the standard alphabet. */
function bare(value: string): string {
  return foldText(value.replace(/^(?:whsec_|whsk_|v1a?,)/, '').replace(/=+$/, ''), 'base64');
}
