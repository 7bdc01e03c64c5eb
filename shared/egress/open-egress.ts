import type { Clock } from '../runtime/clock.ts';
import { egressPolicy } from './egress-guard.ts';
import type { Reaching } from './examine-endpoint.ts';
import { keepConnections, type KeptConnections } from './http-sender.ts';
import { NameResolver } from './name-resolver.ts';

/** One process's way out: what may be reached and how, and the connections that are kept. For the settings see `egressPolicy`. */
export function openEgress({
  clock,
  ...settings
}: {
  allowCidrs: string[];
  blockedAuthorities: string[];
  clock: Clock;
}): { reaching: Reaching; kept: KeptConnections } {
  const reaching = { policy: egressPolicy(settings), resolve: new NameResolver({ clock }).resolve, clock };
  return { reaching, kept: keepConnections(reaching) };
}
