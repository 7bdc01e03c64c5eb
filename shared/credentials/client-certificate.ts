import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { isJsonObject } from '../runtime/json-object.ts';
import { type Fault, Members, parseNested } from './secret-members.ts';

/**
 * What proves who we are in a TLS handshake. The key is a KeyObject, which prints nothing of itself, so that one that strays into a
 * log line or an error cannot be read there.
 */
export type ClientCertificate = {
  /** Equal exactly where certificates and key are equal. */
  readonly id: string;
  /** PEM, our own first. */
  readonly certificates: string;
  readonly key: KeyObject;
  readonly validFromMs: number;
  readonly validUntilMs: number;
};

type Parsed = { certificate: ClientCertificate; secretValues: string[] };

const MEMBER = 'client_certificate';
/** A chain has two to four. */
const MAX_CERTIFICATES = 10;
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----((?:(?!-----).)*)-----END \1-----/gs;
/** Headers of a key that is encrypted in the old way (RFC 1421), whatever stands between them. */
const OLD_ENCRYPTION =
  /^\s*Proc-Type:\s*4\s*,\s*ENCRYPTED\s+DEK-Info:\s*([A-Za-z0-9-]{1,40})\s*,\s*([0-9A-Fa-f]{16,64})\s/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const LINE = /.{1,64}/g;

/** `client_certificate` of a secret, which may also be a string of its JSON; undefined if there is none. Faults are fixed words. */
export function parseClientCertificate(value: unknown): Parsed | Fault | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const parsed = parseNested(value);
  if ('fault' in parsed) return { fault: `${MEMBER} ${parsed.fault}` };
  if (!isJsonObject(parsed.value)) return { fault: `${MEMBER} must be an object with certificate and private_key` };
  const read = new Members(parsed.value, MEMBER);
  const certificates = certificatesIn(read.lines('certificate'));
  const keyText = read.lines('private_key');
  const passphrase = read.has('passphrase') ? read.plain('passphrase') : '';
  if (read.fault !== undefined) return read.fault;
  if ('fault' in certificates) return certificates;
  const keyBlock = blocksIn(keyText).find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (keyBlock === undefined) return { fault: `${MEMBER}.private_key ${NO_KEY}` };
  const key = readKey(keyBlock.pem, passphrase);
  if ('fault' in key) return key;
  return together(certificates, key.key, [...keyBlock.lines, passphrase]);
}

/** Whether it can be shown now: fixed words about the instants of its own certificate, to follow the secret's name. */
export function clientCertificateFault(
  { validFromMs, validUntilMs }: ClientCertificate,
  nowMs: number,
): string | undefined {
  if (nowMs > validUntilMs) return `${MEMBER}.certificate has expired, on ${dayOf(validUntilMs)}`;
  return nowMs < validFromMs ? `${MEMBER}.certificate is not valid before ${dayOf(validFromMs)}` : undefined;
}

const NO_KEY = 'holds no private key in PEM: -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----';
const NO_CERTIFICATE = 'holds no certificate in PEM: -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----';

function certificatesIn(text: string): X509Certificate[] | Fault {
  const blocks = blocksIn(text).filter(({ label }) => label.endsWith('CERTIFICATE') && !label.includes('REQUEST'));
  if (blocks.length === 0) return { fault: `${MEMBER}.certificate ${NO_CERTIFICATE}` };
  if (blocks.length > MAX_CERTIFICATES) return { fault: `${MEMBER}.certificate holds more than ${MAX_CERTIFICATES}` };
  const read: X509Certificate[] = [];
  for (const [index, { pem }] of blocks.entries()) {
    try {
      read.push(new X509Certificate(pem));
    } catch {
      // OpenSSL's own words may hold what it read.
      return { fault: `${MEMBER}.certificate cannot be read: certificate ${index + 1} of ${blocks.length}` };
    }
  }
  return read;
}

function readKey(pem: string, passphrase: string): { key: KeyObject } | Fault {
  try {
    return { key: createPrivateKey(passphrase === '' ? pem : { key: pem, passphrase }) };
  } catch {
    const isEncrypted = pem.includes('ENCRYPTED');
    if (!isEncrypted) return { fault: `${MEMBER}.private_key cannot be read` };
    return {
      fault:
        passphrase === ''
          ? `${MEMBER}.private_key is encrypted, and ${MEMBER}.passphrase is missing`
          : `${MEMBER}.private_key cannot be decrypted with ${MEMBER}.passphrase`,
    };
  }
}

/** Of several certificates the one that the key belongs to is our own, wherever it was pasted. */
function together(given: readonly X509Certificate[], key: KeyObject, secrets: readonly string[]): Parsed | Fault {
  const own = given.find((certificate) => certificate.checkPrivateKey(key));
  if (own === undefined) return { fault: `${MEMBER}.private_key does not belong to ${MEMBER}.certificate` };
  const certificates = [own, ...given.filter((certificate) => certificate !== own)].map(String).join('');
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  try {
    createSecureContext({ cert: certificates, key: pem, minVersion: 'TLSv1.2' });
  } catch {
    return { fault: `${MEMBER} cannot be used for TLS: its key or its signature is too weak, or of no kind for it` };
  }
  const id = createHash('sha256').update(certificates).update(pem).digest('base64url');
  // As text: Node 20, on which the command line runs, has no dates of a certificate.
  const [validFromMs, validUntilMs] = [Date.parse(own.validFrom), Date.parse(own.validTo)];
  const bare = blocksIn(String(pem)).flatMap(({ lines }) => lines);
  return {
    certificate: { id, certificates, key, validFromMs, validUntilMs },
    secretValues: [...secrets, ...bare].filter((value) => value !== ''),
  };
}

type Block = { label: string; pem: string; lines: string[] };

/**
 * The blocks of a text, as OpenSSL reads them, whatever pasting has made of their line ends: `\n` in two characters, blanks, or
 * nothing. What stands around a block, or is no base64, is none.
 */
function blocksIn(text: string): Block[] {
  const blocks: Block[] = [];
  for (const [, label = '', inside = ''] of text.matchAll(BLOCK)) {
    const [headers, cipher, vector] = OLD_ENCRYPTION.exec(inside) ?? [''];
    const base64 = inside.slice(headers.length).replaceAll(/\s/g, '');
    if (!BASE64.test(base64)) continue;
    const lines = base64.match(LINE) ?? [];
    const encryption = headers === '' ? [] : ['Proc-Type: 4,ENCRYPTED', `DEK-Info: ${cipher},${vector}`, ''];
    const pem = [`-----BEGIN ${label}-----`, ...encryption, ...lines, `-----END ${label}-----`, ''].join('\n');
    blocks.push({ label, pem, lines });
  }
  return blocks;
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
