import { clientCertificateFault } from '../shared/credentials/client-certificate.ts';
import { credentialName, parseCredential } from '../shared/credentials/credentials.ts';
import { isJsonObject } from '../shared/runtime/json-object.ts';

/** What one line asks for. `text` is the secret as it is to be written; undefined: there is to be none. */
export type WantedSecret = { line: number; name: string; text: string | undefined };
/** A line that is not followed. `detail` names members and repeats no value. */
export type RefusedLine = { line: number; detail: string };

/** `nowMs`: a client certificate that has expired is refused. */
type Judging = { credentialPrefix: string; headerPrefix: string; nowMs: number };

const MEMBERS = [
  'organization_id',
  'credential_uuid',
  'credential_type',
  'credential_data',
  'signing_secrets',
  'client_certificate',
  'active',
];
/** The limit of Secrets Manager, bytes. */
const MAX_SECRET_BYTES = 65_536;

/** Reads JSON lines; every line is judged as deliver will judge the secret. */
export function readCredentialLines(
  lines: readonly { text: string; line: number }[],
  judging: Judging,
): { wanted: WantedSecret[]; refused: RefusedLine[] } {
  const wanted = new Map<string, WantedSecret>();
  const refused: RefusedLine[] = [];
  for (const { text, line } of lines) {
    const read = readLine(text, judging);
    if ('detail' in read) {
      refused.push({ line, detail: read.detail });
      continue;
    }
    const known = wanted.get(read.name);
    if (known === undefined) wanted.set(read.name, { line, ...read });
    else if (!isSameSecret(known.text, read.text)) {
      refused.push({ line, detail: `says something else of the credential of line ${known.line}` });
    }
  }
  return { wanted: [...wanted.values()], refused };
}

function readLine(text: string, judging: Judging): Omit<WantedSecret, 'line'> | { detail: string } {
  const given = parsed(text);
  if (!isJsonObject(given)) return { detail: 'must be a JSON object' };
  const unknown = Object.keys(given).filter((name) => !MEMBERS.includes(name));
  if (unknown.length > 0)
    return { detail: `has ${unknown.length} unknown members: only ${MEMBERS.join(', ')} are known` };
  const { organization_id: organization, credential_uuid: uuid, active = true, ...secret } = given;
  const name =
    typeof organization === 'number' && typeof uuid === 'string'
      ? credentialName(judging.credentialPrefix, organization, uuid)
      : undefined;
  if (name === undefined) return { detail: 'organization_id must be an integer from 1 and credential_uuid a UUID' };
  if (typeof active !== 'boolean') return { detail: 'active must be true or false' };
  if (!active) return { name, text: undefined };
  const written = JSON.stringify(withoutNulls(secret));
  const judged = parseCredential(written, judging);
  if (!judged.ok) return { detail: judged.detail };
  const { clientCertificate } = judged.credential;
  const fault = clientCertificate && clientCertificateFault(clientCertificate, judging.nowMs);
  if (fault !== undefined) return { detail: fault };
  if (Buffer.byteLength(written) > MAX_SECRET_BYTES) return { detail: `is larger than ${MAX_SECRET_BYTES} bytes` };
  return { name, text: written };
}

/** Whether two secrets say the same, whatever the order of their members. */
export function isSameSecret(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one === other || ordered(parsed(one)) === ordered(parsed(other));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member that is null is one that was left out: `json_build_object` writes unset columns so. */
function withoutNulls(secret: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(secret).filter(([, value]) => value !== null));
}

function ordered(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, part: unknown) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
