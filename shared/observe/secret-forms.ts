/**
 * The forms under which a receiver may echo a secret. Texts here are "byte strings": one character for each byte of
 * UTF-8, so that a form is found whatever its neighbours decode to.
 */
export type SecretForm = {
  pattern: string;
  /** How the text is folded before the pattern is looked for; folding keeps every position. */
  fold: 'exact' | 'base64' | 'hex';
  /** A value this short is cut only where it stands alone: cutting each of its letters would spell it out. */
  wholeWord?: true;
  /** In base64 the character before the pattern, or behind it, holds bits of the secret, too. */
  sharesBefore?: boolean;
  sharesBehind?: boolean;
};

/** Values below this are cut only as whole words, and only plain. */
const SHORT_VALUE_BYTES = 4;
/** Shorter pieces of an encoding occur in any text by chance. */
const MIN_ENCODED_PIECE = 4;
/** 12 bytes: what decodes from less is hardly a key or a signature. */
const MIN_ENCODED_VALUE = 16;

/** Every form of one secret value: plain (UTF-8 and Latin-1), base64 at any alignment, hex, and the bytes it encodes. */
export function secretForms(value: string): SecretForm[] {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length === 0) return [];
  const plain = [exact(bytes)];
  // An HTTP header carries é as one byte.
  const latin1 = Buffer.from(value, 'latin1');
  const isLatin1 = latin1.toString('latin1') === value;
  if (isLatin1) plain.push(exact(latin1));
  // Receivers strip blanks around a header value.
  if (value.trim() !== value && value.trim() !== '') plain.push(exact(Buffer.from(value.trim(), 'utf8')));
  if (bytes.length < SHORT_VALUE_BYTES) return plain;

  const encoded = encodings(bytes);
  if (isLatin1) encoded.push(...encodings(latin1));
  const inner = decodeBase64(value);
  if (inner !== undefined) encoded.push(...encodings(inner), { pattern: bare(value), fold: 'base64' });
  return unique([...plain, ...encoded]);
}

/** The text as the patterns of a fold expect it, position for position. */
export function foldText(text: string, fold: SecretForm['fold']): string {
  switch (fold) {
    case 'exact':
      return text;
    case 'base64':
      return text.replaceAll('-', '+').replaceAll('_', '/');
    case 'hex':
      return text.toLowerCase();
  }
}

function exact(bytes: Buffer): SecretForm {
  const form: SecretForm = { pattern: bytes.toString('latin1'), fold: 'exact' };
  return bytes.length < SHORT_VALUE_BYTES ? { ...form, wholeWord: true } : form;
}

function encodings(bytes: Buffer): SecretForm[] {
  const hex: SecretForm = { pattern: bytes.toString('hex'), fold: 'hex' };
  return [hex, ...[0, 1, 2].map((offset) => base64Form(bytes, offset))].filter(
    ({ pattern }) => pattern.length >= MIN_ENCODED_PIECE,
  );
}

/**
 * The characters of base64 that these bytes determine alone when `offset` other bytes stand before them in a group of
 * three, whatever surrounds them: base64 of a whole header line or document holds the secret like this.
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

/** Without the prefix of a key or a signature, without padding, in the standard alphabet. */
function bare(value: string): string {
  return foldText(value.replace(/^(?:whsec_|whsk_|v1a?,)/, '').replace(/=+$/, ''), 'base64');
}

function unique(forms: SecretForm[]): SecretForm[] {
  return [...new Map(forms.map((form) => [`${form.fold} ${form.pattern}`, form])).values()];
}
