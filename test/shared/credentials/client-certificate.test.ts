// Real: the parser of secrets, certificates of `test/data/tls`, OpenSSL. No doubles. Never to be asserted: a value of a secret, or
// OpenSSL's own words, in a fault.
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { clientCertificateFault } from '../../../shared/credentials/client-certificate.ts';
import { parseCredential } from '../../../shared/credentials/credentials.ts';
import { certificate, intermediate } from '../../support/receivers/hostile-receivers.ts';

const { key, cert } = certificate('client-only');
const PASSPHRASE = 'canary-passphrase';
const ENCRYPTED = createPrivateKey(key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  .toString();
/** As OpenSSL wrote them before PKCS #8. */
const ENCRYPTED_OLD = createPrivateKey(key)
  .export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: PASSPHRASE })
  .toString();

function parse(client_certificate: unknown, more: object = { credential_type: 'none' }) {
  return parseCredential(JSON.stringify({ ...more, client_certificate }), { headerPrefix: 'X-Dograh' });
}

function shown(client_certificate: unknown) {
  const parsed = parse(client_certificate);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.credential.clientCertificate;
}

const oneLine = (pem: string) => pem.trim().replaceAll('\n', ' ');

describe('a client certificate', () => {
  test.each([
    ['as OpenSSL writes it', { certificate: cert, private_key: key }],
    ['with CRLF', { certificate: cert.replaceAll('\n', '\r\n'), private_key: key.replaceAll('\n', '\r\n') }],
    [
      'with line ends in two characters',
      { certificate: cert.replaceAll('\n', '\\n'), private_key: key.replaceAll('\n', '\\n') },
    ],
    [
      'with line ends in four characters',
      { certificate: cert.replaceAll('\n', '\\r\\n'), private_key: key.replaceAll('\n', '\\r\\n') },
    ],
    ['in one line', { certificate: oneLine(cert), private_key: oneLine(key) }],
    [
      'with blanks before each line',
      { certificate: cert.replaceAll('\n', '\n    '), private_key: ` ${key.replaceAll('\n', ' \n\t')}` },
    ],
    [
      'with what stands around it in a file',
      { certificate: `Bag Attributes\n  friendlyName: x-y\n${cert}`, private_key: `${cert}${key}` },
    ],
    ['with its key in the same text', { certificate: cert + key, private_key: key + cert }],
    ['as a string of JSON', JSON.stringify({ certificate: cert, private_key: key })],
    ['with an encrypted key', { certificate: cert, private_key: ENCRYPTED, passphrase: PASSPHRASE }],
    ['with a key encrypted in the old way', { certificate: cert, private_key: ENCRYPTED_OLD, passphrase: PASSPHRASE }],
    [
      'with a key encrypted in the old way, in one line',
      { certificate: cert, private_key: oneLine(ENCRYPTED_OLD), passphrase: ` ${PASSPHRASE}\n` },
    ],
    ['with a passphrase that its key does not need', { certificate: cert, private_key: key, passphrase: PASSPHRASE }],
    ['without a passphrase, in so many words', { certificate: cert, private_key: key, passphrase: null }],
  ])('is understood: %s', (_, given) => {
    const parsed = shown(given);
    expect(parsed?.certificates).toBe(cert);
    expect(parsed?.key.equals(createPrivateKey(key))).toBe(true);
    expect(parsed?.id).toBe(shown({ certificate: cert, private_key: key })?.id);
  });

  test('stands beside any type', () => {
    const parsed = parse(
      { certificate: cert, private_key: key },
      { credential_type: 'bearer_token', credential_data: { token: 't' } },
    );
    expect(parsed).toMatchObject({
      ok: true,
      credential: { headers: [{ key: 'Authorization' }], clientCertificate: {} },
    });
  });

  test.each([undefined, null, ''])('is none where there is none: %j', (given) => {
    expect(shown(given)).toBeUndefined();
  });

  test('is shown with its chain, and is the one that the key belongs to, wherever it stands', () => {
    const chained = certificate('chained');
    const [first, second] = [chained.cert + intermediate, intermediate + chained.cert];
    expect(shown({ certificate: first, private_key: chained.key })?.certificates).toBe(first);
    expect(shown({ certificate: second, private_key: chained.key })?.certificates).toBe(first);
  });

  test('is another one when certificate or key changes', () => {
    const other = certificate('good');
    const ids = [
      shown({ certificate: cert, private_key: key }),
      shown({ certificate: other.cert, private_key: other.key }),
      shown({ certificate: cert + intermediate, private_key: key }),
    ].map((parsed) => parsed?.id);
    expect(new Set(ids).size).toBe(3);
    const [one, two] = [cert, other.cert].map((given, index) =>
      parse({ certificate: given, private_key: [key, other.key][index] }),
    );
    expect(one?.ok && two?.ok && one.credential.fingerprint).not.toBe(two?.ok && two.credential.fingerprint);
  });

  test('prints no key when it strays into a line', () => {
    const printed = JSON.stringify(parse({ certificate: cert, private_key: key }));
    // Only what has to be cut out of an answer holds it.
    const { secretValues: _, ...rest } = (JSON.parse(printed) as { credential: { secretValues: string[] } }).credential;
    expect(JSON.stringify(rest)).not.toContain(key.split('\n')[1]);
  });

  test('has its key and passphrase cut out of what is kept, as they were pasted and decrypted', () => {
    const parsed = parse({ certificate: cert, private_key: ENCRYPTED, passphrase: PASSPHRASE });
    const secret = (pem: string) => pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
    expect(parsed.ok && parsed.credential.secretValues).toEqual([...secret(ENCRYPTED), PASSPHRASE, ...secret(key)]);
  });
});

describe('a client certificate that cannot be used is named, and nothing of it is repeated', () => {
  const other = certificate('good');
  const small = generateKeyPairSync('rsa', { modulusLength: 512 });
  const smallKey = small.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const broken = cert.replace(/\n.{20}/, '\ncanary+canary+canary');

  const CASES: [given: unknown, detail: string][] = [
    ['canary', 'client_certificate is not JSON'],
    [['canary'], 'client_certificate must be an object with certificate and private_key'],
    [{ private_key: key }, 'client_certificate.certificate is missing'],
    [{ certificate: cert }, 'client_certificate.private_key is missing'],
    [{ certificate: 5, private_key: key }, 'client_certificate.certificate must be a string, in quotes'],
    [
      { certificate: 'canary', private_key: key },
      'client_certificate.certificate holds no certificate in PEM: -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----',
    ],
    [
      { certificate: cert.replace('MII', 'M!I'), private_key: key },
      'client_certificate.certificate holds no certificate in PEM: -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----',
    ],
    [{ certificate: broken, private_key: key }, 'client_certificate.certificate cannot be read: certificate 1 of 1'],
    [
      { certificate: cert + broken, private_key: key },
      'client_certificate.certificate cannot be read: certificate 2 of 2',
    ],
    [{ certificate: cert.repeat(11), private_key: key }, 'client_certificate.certificate holds more than 10'],
    [
      { certificate: cert, private_key: publicKey },
      'client_certificate.private_key holds no private key in PEM: -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----',
    ],
    [
      { certificate: cert, private_key: key.replace(/\n.{20}/, '\ncanary+canary+canary') },
      'client_certificate.private_key cannot be read',
    ],
    [
      { certificate: cert, private_key: ENCRYPTED },
      'client_certificate.private_key is encrypted, and client_certificate.passphrase is missing',
    ],
    ...[ENCRYPTED, ENCRYPTED_OLD].map((encrypted): [unknown, string] => [
      { certificate: cert, private_key: encrypted, passphrase: 'canary' },
      'client_certificate.private_key cannot be decrypted with client_certificate.passphrase',
    ]),
    [
      { certificate: cert, private_key: ENCRYPTED, passphrase: 5 },
      'client_certificate.passphrase must be a string, in quotes',
    ],
    [
      { certificate: cert, private_key: other.key },
      'client_certificate.private_key does not belong to client_certificate.certificate',
    ],
    [
      { certificate: cert, private_key: smallKey },
      'client_certificate.private_key does not belong to client_certificate.certificate',
    ],
  ];
  test.each(CASES.map(([given, detail]) => [detail, given] as const))('%s', (detail, given) => {
    const parsed = parse(given);
    expect(parsed).toEqual({ ok: false, detail });
    expect(JSON.stringify(parsed)).not.toMatch(/canary|error:|openssl/i);
  });

  test('too weak for TLS', () => {
    const weak = certificate('weak');
    expect(parse({ certificate: weak.cert, private_key: weak.key })).toEqual({
      ok: false,
      detail: 'client_certificate cannot be used for TLS: its key or its signature is too weak, or of no kind for it',
    });
  });

  test('written as a type of its own, with where it belongs', () => {
    expect(parse(undefined, { credential_type: 'client_certificate' })).toEqual({
      ok: false,
      detail: expect.stringMatching(/; client_certificate is a member of its own beside credential_type/),
    });
  });
});

describe('the time of a client certificate', () => {
  const expired = certificate('expired');
  const { validFromDate, validToDate } = new X509Certificate(expired.cert);

  test.each([
    ['in its last moment', validToDate.getTime(), undefined],
    [
      'after it',
      validToDate.getTime() + 1,
      `client_certificate.certificate has expired, on ${validToDate.toISOString().slice(0, 10)}`,
    ],
    ['in its first moment', validFromDate.getTime(), undefined],
    [
      'before it',
      validFromDate.getTime() - 1,
      `client_certificate.certificate is not valid before ${validFromDate.toISOString().slice(0, 10)}`,
    ],
  ])('%s', (_, nowMs, fault) => {
    const parsed = shown({ certificate: expired.cert, private_key: expired.key });
    expect(parsed && clientCertificateFault(parsed, nowMs)).toBe(fault);
  });
});
