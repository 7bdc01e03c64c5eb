import type { Command } from 'commander';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf, stackOf } from '../command-world.ts';
import { giveOrder, ordering, type OrderOptions } from '../give-order.ts';
import { numberOf, type SelectedBy, selecting, type SelectionOptions, selectionOf } from '../selection-options.ts';

type OrderKind = {
  action: string;
  says: string;
  by: SelectedBy;
  /** What is asked of whoever gives it, after the number: `Cancel 3 deliveries`. */
  verb: string;
  /** Whether the deliveries are sent again, at a pace. */
  sends: boolean;
};

const KINDS: readonly OrderKind[] = [
  { action: 'redeliver', verb: 'Redeliver', by: 'dead', sends: true, says: 'give dead letters another life' },
  {
    action: 'replay',
    verb: 'Send again',
    by: 'created',
    sends: true,
    says: 'send deliveries again as new ones, delivered ones too: the receiver lost them',
  },
  { action: 'cancel', verb: 'Cancel', by: 'created', sends: false, says: 'end pending deliveries as dead letters' },
  {
    action: 'dismiss',
    verb: 'Dismiss',
    by: 'dead',
    sends: false,
    says: 'take dead letters that somebody has dealt with out of the count',
  },
  {
    action: 'expunge',
    verb: 'Erase what was sent in',
    by: 'created',
    sends: false,
    says: 'erase payload, headers, query and answers of deliveries; pending ones are cancelled first',
  },
];

type SendingOptions = { perSecond?: string; maxAttempts?: string };

export function addOrderCommands(program: Command, world: CommandWorld): void {
  for (const kind of KINDS) addOrder(program, world, kind);
}

function addOrder(program: Command, world: CommandWorld, kind: OrderKind): void {
  const command = ordering(selecting(program.command(kind.action), kind.by)).description(kind.says);
  if (kind.sends) {
    command
      .option('--per-second <number>', 'for each host, over all orders (default: 10)')
      .option('--max-attempts <number>', 'further attempts of each (default: as the stack is set)');
  }
  command.action(async (ids: string[], _options: unknown, given: Command) => {
    const options = optionsOf<OrderOptions & SendingOptions & SelectionOptions>(given);
    const selection = selectionOf({ ids, options }, { by: kind.by, nowMs: world.nowMs() });
    if (Object.keys(selection).length === 0) {
      throw CommandFault.wrongUsage(`say which deliveries: ${kind.action} of everything is never meant`);
    }
    const request = {
      action: kind.action,
      ...selection,
      per_second: numberOf('--per-second', options.perSecond),
      max_attempts: numberOf('--max-attempts', options.maxAttempts),
    };
    await giveOrder(request, { verb: kind.verb, options, stack: await stackOf(given, world), world });
  });
}
