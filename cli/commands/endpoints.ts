import type { Command } from 'commander';
import { askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

export function addEndpoints(program: Command, world: CommandWorld): void {
  program
    .command('endpoints')
    .description('endpoints that are failing, down, held, waiting or limited; a healthy one has no row')
    .option('--organization <id>', 'of this organization')
    .option('--state <state>', 'failing, down, held, waiting or limited')
    .option('--after <next>', 'the page behind this one')
    .action(async (_options: unknown, command: Command) => {
      const { organization, state, after } = optionsOf<{ organization?: string; state?: string; after?: string }>(
        command,
      );
      const request = { action: 'endpoints', organization_id: numberOf('--organization', organization), state, after };
      const { answer, shown } = await askFunction(command, world, { role: 'inspect', request });
      if (shown) return;
      const rows = rowsOf(answer, 'endpoints');
      const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const telling = names.filter((name) => rows.some((row) => shownAt(row, name) !== ''));
      if (rows.length === 0) world.terminal.say('none: every endpoint is healthy and has no settings');
      else {
        const columns = telling.map((name) => [name, (row: (typeof rows)[number]) => shownAt(row, name)] as const);
        world.terminal.print(tableOf(rows, Object.fromEntries(columns)));
      }
      const next = shownAt(answer, 'next');
      if (next !== '') world.terminal.say(`there are more: --after '${next}'`);
    });
}
