import type { Command } from 'commander';
import { askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';
import { numberOf, selecting, type SelectionOptions, selectionOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

const LATELY = '24h';

type ListOptions = { limit: string; after?: string; phase?: string; heldBy?: string };

export function addList(program: Command, world: CommandWorld): void {
  selecting(program.command('list'), 'created')
    .description('deliveries, newest first; without a selection those of the last 24 hours')
    .option(
      '--phase <phase>',
      'pending ones that are due, in_flight, later, held or behind (another of their ordering key), the soonest due first',
    )
    .option('--held-by <key>', 'pending ones that this holds, by its key in `endpoints`')
    .option('--limit <rows>', 'at most so many, up to 200', '50')
    .option('--after <next>', 'the page behind this one')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      const options = optionsOf<ListOptions & SelectionOptions>(command);
      const when = { by: 'created', nowMs: world.nowMs() } as const;
      const asked = { ...selectionOf({ ids, options }, when), ...pendingOf(options) };
      const isEmpty = Object.keys(asked).length === 0;
      const selection = isEmpty ? selectionOf({ ids, options: { since: LATELY } }, when) : asked;
      const request = { action: 'list', ...selection, limit: numberOf('--limit', options.limit), after: options.after };
      const { answer, shown } = await askFunction(command, world, { role: 'inspect', request });
      if (shown) return;
      const rows = rowsOf(answer, 'deliveries');
      if (rows.length === 0) {
        world.terminal.say(isEmpty ? 'none in the last 24 hours' : 'none');
        return;
      }
      const isOrdered = rows.some((row) => shownAt(row, 'ordering_key') !== '');
      world.terminal.print(
        tableOf(rows, {
          id: (row) => shownAt(row, 'delivery_id'),
          created: (row) => shownAt(row, 'created_at'),
          organization: (row) => shownAt(row, 'organization_id'),
          run: (row) => shownAt(row, 'workflow_run_id'),
          node: (row) => shownAt(row, 'webhook_node_id'),
          ...(isOrdered && { key: (row) => shownAt(row, 'ordering_key') }),
          endpoint: (row) => shownAt(row, 'endpoint'),
          state: (row) => shownAt(row, 'phase') || shownAt(row, 'status'),
          reason: (row) => shownAt(row, 'dead_letter_reason'),
          attempts: (row) => `${shownAt(row, 'attempt_count')}/${shownAt(row, 'max_attempts')}`,
          due: (row) => shownAt(row, 'scheduled_for'),
        }),
      );
      const next = shownAt(answer, 'next');
      if (next !== '') world.terminal.say(`there are more: --after '${next}'`);
    });
}

/** By what pending ones are waiting for: only these are told in the order in which they are due. */
function pendingOf({ phase, heldBy }: ListOptions): object {
  if (phase === undefined && heldBy === undefined) return {};
  return { status: 'pending', order: 'due', ...(phase && { phase }), ...(heldBy && { held_by: heldBy }) };
}
