import type { FailureClass } from '../shared/delivery/attempt-outcome.ts';
import { type Html, html } from './html.ts';

/** Where a delivery stands at this moment: its status, and what lease and due time add to it. */
export type DeliveryPhase =
  | 'succeeded'
  | 'dead_letter'
  | 'in_flight'
  | 'lease_ran_out'
  | 'behind'
  | 'held'
  | 'due'
  | 'retrying'
  | 'scheduled';

/** The sign tells the phases apart without colour. */
const PHASES: Readonly<Record<DeliveryPhase, { sign: string; label: string }>> = {
  succeeded: { sign: '✓', label: 'Succeeded' },
  dead_letter: { sign: '✕', label: 'Dead letter' },
  in_flight: { sign: '↗', label: 'In flight' },
  lease_ran_out: { sign: '?', label: 'No report' },
  behind: { sign: '⋯', label: 'Behind another' },
  held: { sign: '‖', label: 'Held' },
  due: { sign: '●', label: 'Due' },
  retrying: { sign: '↻', label: 'Retrying' },
  scheduled: { sign: '◷', label: 'Scheduled' },
};

/** What a `dead_letter_reason` or `error_class` means, in words. */
const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    status: 'the receiver answered, but with no success',
    timeout: 'the receiver did not answer in time',
    dns: 'the name did not resolve',
    connection: 'the connection failed',
    tls: 'TLS failed',
    protocol: 'the answer was not HTTP',
    blocked_address: 'the address is not allowed',
    header: 'a header cannot be sent',
    credential_missing: 'its credential, or an access token for it, is missing',
    credential_invalid: 'its credential cannot be used as it is written',
    credential_rotated: 'its credential had just been rotated, or its access token was refused',
    outcome_unknown: 'the last attempt never reported; the receiver may have got it',
    never_sent: 'it was claimed again and again without being sent',
    invalid_row: 'its row cannot be sent as it is',
    endpoint_down: 'its endpoint was down for longer than a delivery is held',
    cancelled: 'an operator cancelled it',
    internal: 'an unexpected internal fault',
  } satisfies Record<FailureClass, string>),
);

export function readPhase(text: string): DeliveryPhase {
  return isPhase(text) ? text : 'due';
}

function isPhase(text: string): text is DeliveryPhase {
  return Object.hasOwn(PHASES, text);
}

export function phaseChip(phase: DeliveryPhase): Html {
  const { sign, label } = PHASES[phase];
  return html`<span class="chip ${phase}"><span aria-hidden="true">${sign}</span> ${label}</span>`;
}

export function reasonWords(reason: string | undefined): string | undefined {
  return reason === undefined ? undefined : (REASONS.get(reason) ?? reason);
}

/** For a menu: name and words of each. */
export function allReasons(): readonly (readonly [string, string])[] {
  return [...REASONS];
}
