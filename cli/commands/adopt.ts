import type { Command } from 'commander';
import { type CommandWorld, optionsOf, stackOf } from '../command-world.ts';
import { giveOrder, ordering, type OrderOptions } from '../give-order.ts';
import { numberOf } from '../selection-options.ts';

type AdoptOptions = OrderOptions & { back?: true; leaseSeconds?: string };

export function addAdopt(program: Command, world: CommandWorld): void {
  ordering(program.command('adopt <table>'))
    .description('take over what another pipeline of the same shape has not finished, from its table <schema>.<table>')
    .option('--back', 'give back what is not finished here')
    .option(
      '--lease-seconds <seconds>',
      'for how long a worker of that pipeline holds what it has claimed (default: 60)',
    )
    .action(async (table: string, _options: unknown, command: Command) => {
      const options = optionsOf<AdoptOptions>(command);
      const request = {
        action: 'adopt',
        table,
        back: options.back,
        lease_seconds: numberOf('--lease-seconds', options.leaseSeconds),
      };
      const verb = options.back ? `Give back to ${table}` : `Take over from ${table}`;
      await giveOrder(request, { verb, options, stack: await stackOf(command, world), world });
    });
}
