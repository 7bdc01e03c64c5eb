import { isJsonObject } from '../shared/runtime/json-object.ts';
import { type Answer, rowsOf, shownAt } from './ask-function.ts';

const PHASES = ['wait', 'resolve', 'connect', 'tls', 'first_byte', 'body'];
const WRITTEN: Readonly<Record<string, string>> = {
  nothing: 'nothing of it',
  part: 'a part of it',
  whole: 'all of it',
};

/** What one attempt sent, over what, and what came back: a line for each. Empty where nothing is known. */
export function sentLines(attempt: Answer): string[] {
  const exchange = attempt['exchange'];
  if (!isJsonObject(exchange)) return [];
  return [
    ...requestLines(memberOf(exchange, 'request')),
    ...connectionLines(memberOf(exchange, 'connection')),
    ...responseLines(memberOf(exchange, 'response'), attempt),
    phasesLine(memberOf(exchange, 'phases_ms') ?? {}),
  ].map(withoutControls);
}

function requestLines(request: Answer | undefined): string[] {
  if (request === undefined) return [];
  const [method, bytes, written] = ['method', 'body_bytes', 'written'].map((name) => shownAt(request, name));
  const wrote = WRITTEN[written ?? ''] ?? written;
  const headers = rowsOf(request, 'headers');
  const named = Array.isArray(request['headers']);
  return [
    `request     ${method} with ${bytes} bytes of body; ${wrote} was written`,
    ...headers.map((header) => `            ${headerOf(header)}`),
    ...(named ? moreOf(request) : ['            the names of its headers are erased']),
  ];
}

function headerOf(header: Answer): string {
  const name = shownAt(header, 'name');
  return header['value'] === undefined ? `${name} (${shownAt(header, 'of')})` : `${name}: ${shownAt(header, 'value')}`;
}

function connectionLines(connection: Answer | undefined): string[] {
  if (connection === undefined) return ['connection  none'];
  const kept = connection['kept'] === true ? 'one that was open already' : 'a new one';
  const tls = shownAt(connection, 'tls') || 'no TLS';
  const certificate = connection['client_certificate'] === true ? ', with a client certificate' : '';
  const address = `${shownAt(connection, 'reach')} ${shownAt(connection, 'family')} address`;
  return [`connection  ${kept}, to a ${address}, ${tls}${certificate}`];
}

/** Whether the attempt had a client certificate for a receiver that asks for one. */
export function hasClientCertificate(exchange: Answer): boolean {
  return memberOf(exchange, 'connection')?.['client_certificate'] === true;
}

function responseLines(response: Answer | undefined, attempt: Answer): string[] {
  if (response === undefined) return ['response    none'];
  const excerpt = shownAt(attempt, 'response_excerpt').trimEnd();
  const names = response['headers'];
  const read = response['complete'] === true ? 'read to its end' : 'not read to its end';
  return [
    `response    ${shownAt(attempt, 'status_code')}, ${shownAt(response, 'body_bytes')} bytes of body, ${read}`,
    ...(Array.isArray(names)
      ? [`            headers: ${names.map(String).join(', ')}`, ...moreOf(response)]
      : ['            the names of its headers are erased']),
    // As much of it as is kept, with what looks like a secret cut out.
    ...(excerpt === ''
      ? []
      : excerpt.split('\n').map((line, index) => `${index === 0 ? 'answered' : ''}`.padEnd(12) + line)),
  ];
}

function moreOf(side: Answer): string[] {
  const more = Number(side['more_headers'] ?? 0);
  return more > 0 ? [`            and ${more} more`] : [];
}

function phasesLine(phases: Answer): string {
  const known = PHASES.filter((phase) => phases[phase] !== undefined);
  return `time        ${known.map((phase) => `${phase.replace('_', ' ')} ${shownAt(phases, phase)} ms`).join(', ')}`;
}

function memberOf(answer: Answer, name: string): Answer | undefined {
  const value = answer[name];
  return isJsonObject(value) ? value : undefined;
}

/** What a receiver answered must not steer the terminal. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
