/** What Node and OpenSSL call the faults of a handshake, and what each means, with what to do about it. */
const DETAILS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'the certificate has expired, or one of its chain has'],
  ['CERT_NOT_YET_VALID', 'the certificate is not yet valid'],
  ['CERT_REVOKED', 'the certificate has been revoked'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is not trusted: it is self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the certificate is not trusted: its authority is not a public one'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the certificate is not trusted: its authority is not a public one'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the certificate is not trusted: its authority is not a public one'],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the certificate is not trusted: the receiver must send the intermediate certificates with it, or its authority is not a public one',
  ],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is for another name'],
  ['INVALID_PURPOSE', 'the certificate is for clients only, the receiver needs one for servers'],
]);

/** OpenSSL's reasons, which Node gives as `ERR_SSL_…`: the names before them change from one version to the next. */
const REASONS: readonly (readonly [endings: readonly string[], detail: string])[] = [
  [
    ['WRONG_VERSION_NUMBER', 'PACKET_LENGTH_TOO_LONG', 'HTTP_REQUEST'],
    'the port does not speak TLS; if it is one for plain HTTP, the URL must begin with http://',
  ],
  [
    ['ALERT_PROTOCOL_VERSION', 'UNSUPPORTED_PROTOCOL', 'VERSION_TOO_LOW'],
    'the receiver speaks only versions of TLS that are no longer safe; it must offer TLS 1.2 or 1.3',
  ],
  [['ALERT_CERTIFICATE_REQUIRED'], 'the receiver demands a client certificate'],
  [['ALERT_CERTIFICATE_EXPIRED'], 'the receiver refuses the client certificate: to it, it has expired'],
  [['ALERT_CERTIFICATE_REVOKED'], 'the receiver refuses the client certificate: it has been revoked'],
  [
    ['ALERT_UNKNOWN_CA'],
    'the receiver refuses the client certificate: it does not know its authority, or lacks a certificate between the two',
  ],
  [
    ['ALERT_UNSUPPORTED_CERTIFICATE'],
    'the receiver refuses the client certificate: it takes none of this kind or purpose',
  ],
  [['ALERT_BAD_CERTIFICATE', 'ALERT_CERTIFICATE_UNKNOWN'], 'the receiver refuses the client certificate'],
  [['ALERT_ACCESS_DENIED'], 'the receiver knows the client certificate and does not let it in'],
  [['ALERT_NO_APPLICATION_PROTOCOL'], 'the receiver speaks HTTP/2 only; it must offer HTTP/1.1'],
  [['ALERT_INSUFFICIENT_SECURITY'], 'the receiver accepts none of the ciphers offered'],
  [['ALERT_UNRECOGNIZED_NAME', 'UNRECOGNIZED_NAME'], 'the receiver does not know this host name'],
  [['KEY_TOO_SMALL', 'MD_TOO_WEAK'], 'the receiver uses a key or a hash that is too weak'],
  [['UNSAFE_LEGACY_RENEGOTIATION_DISABLED'], 'the receiver lacks secure renegotiation (RFC 5746); it must be updated'],
  [['ALERT_INTERNAL_ERROR'], 'the receiver failed inside the handshake'],
];

/** An alert in plain text: five bytes of record header, and two that say which. */
const ALERT_BYTES = 7;

/** What a fault of TLS is, in fixed words and OpenSSL's own name for it; undefined if this is the code of something else. */
export function tlsDetail(code: string): string | undefined {
  const known = DETAILS.get(code) ?? REASONS.find(([endings]) => endings.some((end) => code.endsWith(end)))?.[1];
  if (known !== undefined) return known;
  return /^ERR_(?:SSL|TLS)_[A-Z0-9_/]+$/.test(code) ? `the handshake failed (${code})` : undefined;
}

/**
 * The same for a handshake that is not complete. The one alert `handshake_failure` has two common causes, and how much came
 * before it tells them apart: nothing if no cipher is shared; a certificate, and the question for ours, if that is missing.
 */
export function handshakeDetail(
  code: string,
  receivedBytes: number,
  shown: 'a certificate' | 'no certificate',
): string | undefined {
  if (!code.endsWith('ALERT_HANDSHAKE_FAILURE')) return tlsDetail(code);
  if (receivedBytes <= ALERT_BYTES) {
    return 'the receiver accepts none of the ciphers offered; it must allow those of TLS 1.2 or 1.3';
  }
  return shown === 'a certificate'
    ? 'the receiver broke off the handshake; it probably refuses the client certificate'
    : 'the receiver broke off the handshake; it probably demands a client certificate';
}
