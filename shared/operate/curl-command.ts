/** A request as `inspect` shows it: of a delivery and of one of its attempts. */
export type ShownRequest = {
  url: string;
  method: string;
  headers: readonly { name: string; value?: string | undefined; of?: string | undefined }[];
  /** The delivery's own and its `tracestate`, where they were asked for. */
  customHeaders: readonly { key: string; value?: string | undefined }[];
  /** Undefined where it was not asked for, or is erased. */
  payload: string | undefined;
  /** A client certificate was there for a receiver that asks for one. */
  hasClientCertificate?: boolean;
};

/** Where the body is not shown, or is longer than one argument may be (128 KiB on Linux), curl reads it from here. */
export const BODY_FILE = 'payload.json';
/** What stands for the client certificate and its key: files that whoever maintains the secret has. */
const CERTIFICATE = '--cert client-certificate.pem --key client-key.pem';
const MAX_ARGUMENT_BYTES = 100_000;
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
const PLAIN = /^[\w./:%+,-]+$/;
/** What is not seen, or moves what is seen: controls, formats (which turn the direction of text), line ends, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * The same request as a command for bash, zsh or ksh, to be copied: a placeholder in angle brackets stands for what is not
 * shown. Nothing in it is expanded or run, whatever a URL, a header or a body holds, and no control character is in it that
 * a terminal could obey while it is pasted.
 */
export function curlCommand(request: ShownRequest): string {
  const { url, method, headers, customHeaders, payload, hasClientCertificate = false } = request;
  const lines = [
    // curl would read brackets and braces of a URL as patterns, and dots of its path as steps.
    `curl --globoff --path-as-is --request ${quoted(method)} ${quoted(url)}`,
    ...(hasClientCertificate ? [CERTIFICATE] : []),
    ...headers.map((header) => `--header ${quoted(headerLine(header, customHeaders))}`),
    ...(METHODS_WITH_BODY.has(method) ? [bodyOf(payload)] : []),
  ];
  return lines.join(' \\\n  ');
}

/** As curl reads it: a semicolon in place of the colon sends a header without a value. */
function headerLine(
  { name, value, of }: ShownRequest['headers'][number],
  customHeaders: ShownRequest['customHeaders'],
): string {
  // Attempts of earlier versions say of a tracestate that it was a custom header.
  const isChosen = of === 'custom' || of === 'request';
  const known = value ?? (isChosen ? customHeaders.find(({ key }) => key === name)?.value : undefined);
  if (known === '') return `${name};`;
  return `${name}: ${known ?? placeholderOf(of)}`;
}

function placeholderOf(of: string | undefined): string {
  switch (of) {
    case 'signature':
      return '<the signature of this body>';
    case 'credential':
      return '<from the credential>';
    default:
      return '<its value>';
  }
}

/** Unlike `--data`, neither takes a value that begins with `@` for a file or drops line ends. */
function bodyOf(payload: string | undefined): string {
  const isShown = payload !== undefined && new TextEncoder().encode(payload).length <= MAX_ARGUMENT_BYTES;
  return isShown ? `--data-raw ${quoted(payload)}` : `--data-binary @${BODY_FILE}`;
}

/** One word of a shell that stands for exactly this text. */
export function quoted(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!UNSEEN.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // Bytes and not characters: those depend on the locale. Everything that means something to any shell is one of them.
  const bytes = new TextEncoder().encode(text);
  return `$'${[...bytes].map((byte) => (isHarmless(byte) ? String.fromCharCode(byte) : octal(byte))).join('')}'`;
}

/** Visible ASCII without the quote, the backslash and the exclamation mark, which calls up history. */
function isHarmless(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e && byte !== 0x27 && byte !== 0x5c && byte !== 0x21;
}

/** In octal, which ends after three digits: how many digits a hexadecimal escape takes differs between shells. */
function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
