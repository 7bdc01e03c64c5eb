import type { Command } from 'commander';
import { askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';
import { selecting, type SelectionOptions, selectionOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

export function addCount(program: Command, world: CommandWorld): void {
  selecting(program.command('count'), 'created')
    .description('how many deliveries a selection has')
    .option('--by <names>', 'of status, reason, endpoint, organization: one or several with commas', 'status')
    .action(async (ids: string[], _options: unknown, command: Command) => {
      const options = optionsOf<{ by: string } & SelectionOptions>(command);
      const selection = selectionOf({ ids, options }, { by: 'created', nowMs: world.nowMs() });
      if (Object.keys(selection).length === 0) {
        throw CommandFault.wrongUsage('say of which deliveries, for example --since 24h or --status dead_letter');
      }
      const by = options.by.split(',').map((name) => name.trim());
      const request = { action: 'count', ...selection, by };
      const { answer, shown } = await askFunction(command, world, { role: 'inspect', request });
      if (shown) return;
      const columns = Object.fromEntries(
        [...by, 'count'].map((name) => [name, (row: Parameters<typeof shownAt>[0]) => shownAt(row, name)]),
      );
      const rows = rowsOf(answer, 'counts');
      // A table without a row would look as if something had been cut off.
      world.terminal.print(rows.length === 0 ? '0' : tableOf(rows, columns));
      if (answer['complete'] === false)
        world.terminal.say('at least: counting all of them takes longer than a call may');
    });
}
