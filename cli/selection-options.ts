import type { Command } from 'commander';
import { CommandFault } from './command-fault.ts';

/** What a selection's `--since` and `--until` are about. */
export type SelectedBy = 'created' | 'dead';

export type SelectionOptions = Partial<
  Record<
    | 'organization'
    | 'run'
    | 'node'
    | 'name'
    | 'orderingKey'
    | 'credential'
    | 'status'
    | 'reason'
    | 'host'
    | 'url'
    | 'since'
    | 'until'
    | 'createdSince'
    | 'createdUntil'
    | 'deadSince'
    | 'deadUntil',
    string
  >
> & { standing?: true };

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Adds the options of a selection, and ids as arguments. */
export function selecting(command: Command, by: SelectedBy): Command {
  const what = by === 'dead' ? 'died' : 'created';
  return command
    .argument('[ids...]', 'deliveries by their id or uuid')
    .option('--organization <id>', 'of this organization')
    .option('--run <id>', 'of this workflow run')
    .option('--node <id>', 'of this webhook node')
    .option('--name <name>', 'of this webhook name')
    .option('--ordering-key <key>', 'with this ordering key; needs --organization')
    .option('--credential <uuid>', 'with this credential')
    .option('--status <status>', 'pending, succeeded or dead_letter')
    .option('--reason <reason>', 'dead letters of this reason')
    .option('--standing', 'dead letters that nobody has dismissed, erased or cancelled')
    .option('--host <host>', 'to this host')
    .option('--url <url>', 'to this URL, whatever its query')
    .option('--since <time>', `${what} since then: RFC 3339, or how long ago, such as 90m, 2h, 3d`)
    .option('--until <time>', `${what} until then`)
    .option('--created-since <time>', 'created since then')
    .option('--created-until <time>', 'created until then')
    .option('--dead-since <time>', 'died since then')
    .option('--dead-until <time>', 'died until then');
}

/** The selection in the words of the functions; empty where nothing was given. Throws CommandFault. */
export function selectionOf(
  { ids, options }: { ids: readonly string[]; options: SelectionOptions },
  { by, nowMs }: { by: SelectedBy; nowMs: number },
): Record<string, unknown> {
  const instant = (name: string, text: string | undefined): string | undefined =>
    text === undefined ? undefined : instantOf(name, text, nowMs);
  const since = instant('--since', options.since);
  const until = instant('--until', options.until);
  const selection = {
    ...idsOf(ids),
    organization_id: numberOf('--organization', options.organization),
    workflow_run_id: numberOf('--run', options.run),
    webhook_node_id: options.node,
    webhook_name: options.name,
    ordering_key: options.orderingKey,
    credential_uuid: options.credential,
    status: options.status,
    reason: options.reason,
    endpoint_host: options.host,
    endpoint_url: options.url,
    created_since: instant('--created-since', options.createdSince) ?? (by === 'created' ? since : undefined),
    created_until: instant('--created-until', options.createdUntil) ?? (by === 'created' ? until : undefined),
    dead_since: instant('--dead-since', options.deadSince) ?? (by === 'dead' ? since : undefined),
    dead_until: instant('--dead-until', options.deadUntil) ?? (by === 'dead' ? until : undefined),
    standing: options.standing,
  };
  return Object.fromEntries(Object.entries(selection).filter(([, value]) => value !== undefined));
}

function idsOf(ids: readonly string[]): { delivery_ids?: number[]; delivery_uuids?: readonly string[] } {
  if (ids.length === 0) return {};
  const numbers = ids.filter((id) => /^\d+$/.test(id));
  if (numbers.length === ids.length) return { delivery_ids: numbers.map((id) => Number(id)) };
  if (numbers.length > 0) throw CommandFault.wrongUsage('give either ids or uuids of deliveries');
  return { delivery_uuids: ids };
}

/** A whole number of an option. Throws CommandFault. */
export function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,16}$/.test(text)) throw CommandFault.wrongUsage(`${option} must be a whole number`);
  return Number(text);
}

function instantOf(option: string, text: string, nowMs: number): string {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return new Date(nowMs - Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS]).toISOString();
  }
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00Z`;
  if (!/^\d{4}-\d\d-\d\d[Tt ]/.test(text)) {
    throw CommandFault.wrongUsage(`${option} must be a time such as 2026-11-23T12:00:00Z, or how long ago, such as 2h`);
  }
  return text;
}
