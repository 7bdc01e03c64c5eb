import type { Mutations } from './mutation.ts';

const CACHE = 'test/shared/credentials/credential-cache.test.ts';
const PARSED = 'test/shared/credentials/credentials.test.ts';
const LOCAL = 'test/shared/aws/secrets-manager-credentials-local.test.ts';
const WIRE = 'test/shared/aws/secrets-manager-credentials.test.ts';
const ATTEMPT = 'test/shared/deliver/attempt-delivery-credentials.test.ts';
const SOURCE = 'shared/aws/secrets-manager-credentials.ts';
const RULES = 'shared/credentials/credentials.ts';
const MEMBERS = 'shared/credentials/secret-members.ts';
const SENDING = 'shared/deliver/find-credential.ts';

/** Credentials. */
export const CREDENTIALS: Mutations = {
  'CRE-01': [
    {
      in: SENDING,
      from: 'return failed(`credential_${answer.kind}`, answer.detail);',
      to: `return { outcome: { kind: 'refused', because: \`credential_\${answer.kind}\`, detail: answer.detail } as never };`,
      fails: [{ shownBy: ATTEMPT, title: 'that does not exist fails the attempt, and nothing is sent without it' }],
    },
  ],
  'CRE-02': [
    {
      in: RULES,
      from: 'return `${prefix}/${organizationId}/${uuid.toLowerCase()}`;',
      to: 'return `${prefix}/7/${uuid.toLowerCase()}`;',
      fails: [
        {
          shownBy: LOCAL,
          title: 'the credential of another organization is missing, in the same words as an unknown one',
        },
      ],
    },
  ],
  'CRE-04': [
    {
      in: 'shared/aws/clients.ts',
      from: 'const MAX_TRIES = 3;',
      to: 'const MAX_TRIES = 9;',
      fails: [{ shownBy: WIRE, title: 'is asked about three times and no more' }],
    },
    {
      in: SENDING,
      from: `return released(answer.detail);
  }
}`,
      to: `return { outcome: { kind: 'failed', because: 'internal', detail: answer.detail } };
  }
}`,
      fails: [
        { shownBy: ATTEMPT, title: 'that Secrets Manager cannot give gives the attempt back: that is our fault' },
      ],
    },
  ],
  'CRE-05': [
    {
      in: 'shared/credentials/credential-cache.ts',
      from: 'clock.after(CREDENTIAL_SECONDS * 1000,',
      to: 'clock.after(CREDENTIAL_SECONDS * 2000,',
      fails: [{ shownBy: CACHE, title: 'a read that hangs is given up after five seconds' }],
    },
  ],
  'CRE-06': [
    {
      in: SENDING,
      from: 'return failed(`credential_${answer.kind}`, answer.detail);',
      to: `return { outcome: { kind: 'refused', because: \`credential_\${answer.kind}\`, detail: answer.detail } as never };`,
      fails: [
        {
          shownBy: ATTEMPT,
          title: 'that is malformed fails the attempt, in words that name the secret and not its value',
        },
      ],
    },
    {
      in: MEMBERS,
      from: `return { fault: line === undefined ? 'is not JSON' : \`is not JSON: see line \${line}, column \${column}\` };`,
      to: 'return { fault: `is not JSON: ${text}` };',
      fails: [{ shownBy: PARSED, title: 'when it is ' }],
    },
  ],
  'CRE-07': [
    {
      in: MEMBERS,
      from: `typeof value === 'string' ? value.trim() : this.#fail`,
      to: `typeof value === 'string' ? value : this.#fail`,
      fails: [{ shownBy: 'test/shared/credentials/pasted-secrets.test.ts', title: 'a newline at the end of a token' }],
    },
    {
      in: MEMBERS,
      from: 'if (CONTROL_CHARACTER.test(text) || !text.isWellFormed()) {',
      to: 'if (!text.isWellFormed()) {',
      fails: [{ shownBy: PARSED, title: 'data are ' }],
    },
  ],
  'CRE-10': [
    {
      in: 'shared/credentials/credential-cache.ts',
      from: `const name = credentialName(this.#parts.prefix, organizationId, uuid);
    if (name === undefined) return { kind: 'invalid'`,
      to: `const name = credentialName(this.#parts.prefix, Math.min(organizationId, 7), uuid);
    if (name === undefined) return { kind: 'invalid'`,
      fails: [{ shownBy: CACHE, title: 'the same UUID of two organizations is two secrets' }],
    },
  ],
  'CRE-11': [
    {
      in: SOURCE,
      from: `VersionStage: 'AWSCURRENT'`,
      to: `VersionStage: 'AWSPENDING'`,
      fails: [{ shownBy: LOCAL, title: 'the pending and the previous version of a rotation are never sent' }],
    },
  ],
  'CRE-13': [
    {
      in: MEMBERS,
      from: 'if (isReservedHeader(value, headerPrefix)) {',
      to: 'if (value === headerPrefix) {',
      fails: [{ shownBy: PARSED, title: 'when it would replace the header ' }],
    },
  ],
  'CRE-14': [
    {
      in: RULES,
      from: 'if (!UUID.test(uuid)) return undefined;',
      to: '',
      fails: [{ shownBy: PARSED, title: 'is never made of' }],
    },
  ],
  'CRE-16': [
    {
      in: 'shared/observe/fault-fields.ts',
      from: 'const fault = errorName(error);',
      to: 'const fault = error instanceof Error ? error.message : errorName(error);',
      fails: [{ shownBy: 'test/shared/observe/fault-fields.test.ts', title: 'of anything else: its name alone' }],
    },
    {
      in: SOURCE,
      from: 'detail: `Secrets Manager: ${errorName(error)}`',
      to: 'detail: `Secrets Manager: ${errorName(error)} ${String(error)}`',
      fails: [{ shownBy: WIRE, title: 'is an internal fault, told by its name alone' }],
    },
    {
      in: 'shared/deliver/attempt-delivery.ts',
      from: `} catch {
    outcome = { kind: 'failed', because: 'internal', detail: 'internal: an unexpected fault of the sender' };`,
      to: `} catch (error) {
    outcome = { kind: 'failed', because: 'internal', detail: \`internal: \${String(error)}\` };`,
      fails: [
        {
          shownBy: 'test/shared/deliver/attempt-delivery.test.ts',
          title: 'an exception nobody foresaw fails the attempt, and nothing of it is kept',
        },
      ],
    },
  ],
  'CRE-17': [
    {
      in: 'infra/functions.ts',
      from: 'secret:${credentialPrefix}/*`;',
      to: 'secret:*`;',
      fails: [{ shownBy: 'test/infra/permissions.test.ts', title: 'may do its work and nothing else' }],
    },
  ],
  'CRE-18': [
    {
      in: 'shared/deliver/judge-unauthorized.ts',
      from: '...(afterRotation === undefined && { retryNow: true }),',
      to: 'retryNow: true,',
      fails: [{ shownBy: ATTEMPT, title: 'for the second time in a row, waits the usual delay' }],
    },
    {
      in: 'sql/queries/claim_deliveries.sql',
      from: `and p.error_class = 'credential_rotated'`,
      to: 'and p.error_class is not null',
      fails: [
        {
          shownBy: 'test/contracts/lease-contract.ts',
          title: 'says of a retry whether the attempt before it met a credential that had been rotated',
        },
      ],
    },
  ],
};
