import type { Command } from 'commander';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, stackOf } from '../command-world.ts';

export function addConsole(program: Command, world: CommandWorld): void {
  program
    .command('console')
    .description('where the console of a local stack is, or the dashboard of a deployed one')
    .action(async (_options: unknown, command: Command) => {
      const stack = await stackOf(command, world);
      const page = stack.console ?? stack.outputs['DashboardUrl'];
      if (page === undefined) throw CommandFault.failed(`${stack.name} has neither a console nor a dashboard`);
      world.terminal.print(page);
    });
}
