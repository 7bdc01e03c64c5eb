import type { Mutations } from './mutation.ts';

const ATTEMPTS = 'test/shared/deliver/access-token-attempts.test.ts';
const HOSTILE = 'test/shared/deliver/hostile-token-endpoints.test.ts';
const CACHE = 'test/shared/credentials/access-tokens.test.ts';
const ANSWERS = 'test/shared/credentials/token-answer.test.ts';
const PARSED = 'test/shared/credentials/client-certificate.test.ts';
const BY_ATTEMPT = 'test/shared/deliver/attempt-delivery-credentials.test.ts';
const SHOWN = 'test/shared/egress/client-certificates.test.ts';

/** Access tokens and client certificates. */
export const TOKENS: Mutations = {
  'CRE-20': [
    {
      in: 'shared/deliver/ask-for-token.ts',
      from: "if (verdict === 'transient') {",
      to: 'if (false) {',
      fails: [{ shownBy: ATTEMPTS, title: 'a bad hour' }],
    },
    {
      in: 'shared/deliver/ask-for-token.ts',
      from: 'if (!isWhole)',
      to: 'if (false)',
      fails: [{ shownBy: HOSTILE, title: 'breaks off' }],
    },
    {
      in: 'shared/deliver/find-credential.ts',
      from: '(parts.attemptTimeoutSeconds * 1000) / 2',
      to: '(parts.attemptTimeoutSeconds * 1000) * 0.4',
      fails: [{ shownBy: HOSTILE, title: 'that takes its time to the end of its answer has half of the attempt' }],
    },
    {
      in: 'shared/credentials/access-tokens.ts',
      from: 'const FAILURE_MS = 5_000;',
      to: 'const FAILURE_MS = 4_000;',
      fails: [{ shownBy: CACHE, title: 'is believed for five seconds, and then asked again' }],
    },
    {
      in: 'shared/endpoints/evidence-of.ts',
      from: `    default:
      return NO_EVIDENCE;`,
      to: `    default:
      return UNREACHED;`,
      fails: [{ shownBy: ATTEMPTS, title: 'a bug of its own' }],
    },
  ],
  'CRE-21': [
    {
      in: 'shared/credentials/token-answer.ts',
      from: 'return ERROR_CODES.find((known) => known === code);',
      to: "return typeof code === 'string' ? code : undefined;",
      fails: [{ shownBy: ATTEMPTS, title: 'an error that is the secret' }],
    },
    {
      in: 'shared/egress/http-sender.ts',
      from: 'if (request.isConfidential === true && !target.tls && !connection.isPrivate)',
      to: 'if (false)',
      fails: [{ shownBy: HOSTILE, title: 'is sent nothing in the clear unless a setting names its address' }],
    },
  ],
  'CRE-22': [
    {
      in: 'shared/deliver/judge-response.ts',
      from: 'if (isTokenRefused) parts.tokens.refuse(token.key, token.accessToken);',
      to: '',
      fails: [
        { shownBy: ATTEMPTS, title: 'gives the token up, also while nobody knows whether the secret has changed' },
      ],
    },
    {
      in: 'shared/deliver/find-credential.ts',
      from: "afterRotation === undefined ? 'any' : 'renewed'",
      to: "'any'",
      fails: [{ shownBy: ATTEMPTS, title: 'is followed by a new token in another worker, too' }],
    },
    {
      in: 'shared/deliver/judge-unauthorized.ts',
      from: 'if (afterRotation !== undefined) return undefined;',
      to: '',
      fails: [{ shownBy: ATTEMPTS, title: 'for the second time in a row is what it says' }],
    },
    {
      in: 'shared/credentials/access-tokens.ts',
      from: ' || entry.answer.accessToken !== accessToken',
      to: '',
      fails: [{ shownBy: CACHE, title: 'does not take the one with it that has taken its place' }],
    },
  ],
  'CRE-23': [
    {
      in: 'shared/credentials/access-tokens.ts',
      from: 'if (underWay !== undefined) return await underWay;',
      to: '',
      fails: [
        { shownBy: ATTEMPTS, title: 'is fetched once for twenty deliveries of one worker' },
        { shownBy: CACHE, title: 'is asked for once by all who need it at once' },
      ],
    },
    {
      in: 'shared/credentials/access-tokens.ts',
      from: 'if (this.#isWithin(entry.renewedAtMs, RENEWAL_MS)) return;',
      to: '',
      fails: [
        { shownBy: ATTEMPTS, title: 'of a receiver that takes no token of anybody costs one token in five seconds' },
        { shownBy: CACHE, title: 'costs one request in five seconds, however many more are refused' },
      ],
    },
  ],
  'CRE-24': [
    {
      in: 'shared/credentials/token-answer.ts',
      from: 'Math.min(Math.max(seconds * SECOND_MS, 0), LONGEST_MS)',
      to: 'Math.max(seconds * SECOND_MS, 0)',
      fails: [{ shownBy: ANSWERS, title: 'a century, of which it is used for a day' }],
    },
    {
      in: 'shared/credentials/token-answer.ts',
      from: "typeof expiresIn === 'string' && expiresIn.trim() !== '' ? Number(expiresIn) : expiresIn",
      to: 'expiresIn',
      fails: [{ shownBy: ANSWERS, title: 'an hour in a string' }],
    },
  ],
  'CRE-25': [
    {
      in: 'shared/credentials/client-certificate.ts',
      from: 'given.find((certificate) => certificate.checkPrivateKey(key))',
      to: 'given[0]',
      fails: [
        { shownBy: PARSED, title: 'client_certificate.private_key does not belong to client_certificate.certificate' },
      ],
    },
    {
      in: 'shared/deliver/find-credential.ts',
      from: 'if (/^http:/i.test(endpointUrl)) {',
      to: 'if (false) {',
      fails: [{ shownBy: BY_ATTEMPT, title: 'a URL without TLS, to which it could not be shown' }],
    },
  ],
  'CRE-26': [
    {
      in: 'shared/egress/http-sender.ts',
      from: "const shown = clientCertificate === undefined ? '' : ` ${clientCertificate.id}`;",
      to: "const shown = clientCertificate === undefined ? '' : '';",
      fails: [
        { shownBy: SHOWN, title: 'has connections of its own' },
        { shownBy: SHOWN, title: 'has sessions of its own' },
      ],
    },
  ],
  'CRE-27': [
    {
      in: 'shared/egress/tls-failure.ts',
      from: "[['ALERT_BAD_CERTIFICATE', 'ALERT_CERTIFICATE_UNKNOWN'], 'the receiver refuses the client certificate'],",
      to: '',
      fails: [{ shownBy: SHOWN, title: 'is understood, in the handshake and behind it, by its alert' }],
    },
    {
      in: 'shared/egress/http-sender.ts',
      from: 'it may have refused the client certificate',
      to: 'it may have refused',
      fails: [{ shownBy: SHOWN, title: 'and just hangs up is told apart as far as anybody can' }],
    },
  ],
};
