import type { Command } from 'commander';
import { answerOf, shownAt } from '../ask-function.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf, stackOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';

const SHOWN = ['due', 'in_flight', 'later', 'behind', 'held', 'standing_dead_letters', 'dead_letters'];

export function addWatch(program: Command, world: CommandWorld): void {
  program
    .command('watch')
    .description(
      'the backlog, again and again, until Ctrl-C; standing dead letters are those that nobody has redelivered, dismissed, cancelled or erased',
    )
    .option('--every <seconds>', 'how often, 1 to 3600', '2')
    .option('--times <number>', 'end after so many')
    .action(async (_options: unknown, command: Command) => {
      const { every, times, json } = optionsOf<{ every: string; times?: string }>(command);
      const seconds = numberOf('--every', every) ?? 0;
      if (seconds < 1 || seconds > 3600) throw CommandFault.wrongUsage('--every must be 1 to 3600 seconds');
      const most = numberOf('--times', times) ?? Number.POSITIVE_INFINITY;
      const stack = await stackOf(command, world);
      if (!json) world.terminal.say(stack.name);
      for (let time = 1; ; time++) {
        const { text, answer } = await answerOf(stack, { role: 'inspect', request: { action: 'backlog' } });
        if (json) world.terminal.print(text);
        else {
          const isTold = (name: string) => name !== 'behind' || Number(shownAt(answer, name)) > 0;
          const figures = SHOWN.filter(isTold).map(
            (name) => `${name.replaceAll('_', ' ')} ${shownAt(answer, name) || 0}`,
          );
          const oldest = shownAt(answer, 'oldest_due_seconds');
          const at = new Date(world.nowMs()).toISOString();
          world.terminal.print([at, ...figures, ...(oldest === '' ? [] : [`oldest due ${oldest} s`])].join('  '));
        }
        if (time >= most) return;
        await world.wait(seconds * 1000);
      }
    });
}
