import type { Command } from 'commander';
import { answerOf, askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { callerOf } from '../caller.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, confirm, confirmable, optionsOf, stackOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

const VERBS = {
  pause: 'Pause',
  continue: 'Go on with',
  stop: 'Stop',
} as const;

export function addOrders(program: Command, world: CommandWorld): void {
  const orders = program
    .command('orders')
    .description(
      'what was ordered, by whom and how far it is; pause, continue or stop one. What is sent again counts as done once it is pending ' +
        'again, and is attempted at its turn, the last of them at `last due`',
    )
    .option('--state <state>', 'running, paused, stopped or done')
    .option('--limit <rows>', 'at most so many', '20')
    .action(async (_options: unknown, command: Command) => {
      const { state, limit } = optionsOf<{ state?: string; limit: string }>(command);
      const request = { action: 'orders', state, limit: numberOf('--limit', limit) };
      const { answer, shown } = await askFunction(command, world, { role: 'inspect', request });
      if (shown) return;
      const rows = rowsOf(answer, 'orders');
      if (rows.length === 0) {
        world.terminal.say('none');
        return;
      }
      world.terminal.print(
        tableOf(rows, {
          order: (row) => shownAt(row, 'order_id'),
          action: (row) => shownAt(row, 'action'),
          state: (row) => shownAt(row, 'state'),
          done: (row) => `${shownAt(row, 'done')}/${shownAt(row, 'matched')}`,
          refused: (row) => shownAt(row, 'refused'),
          given: (row) => shownAt(row, 'given_at'),
          by: (row) => clippedName(shownAt(row, 'by')),
          'last due': (row) => shownAt(row, 'last_due_at'),
          note: (row) => shownAt(row, 'note'),
        }),
      );
    });
  for (const verb of ['pause', 'continue', 'stop'] as const) addVerb(orders, world, verb);
}

function addVerb(orders: Command, world: CommandWorld, verb: keyof typeof VERBS): void {
  confirmable(orders.command(`${verb} <id>`))
    .description(`${verb} an order`)
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = optionsOf<{ yes?: true }>(command);
      const orderId = numberOf('the id of an order', id);
      const stack = await stackOf(command, world);
      await confirm(`${VERBS[verb]} order ${id} of ${stack.name}?`, options, world);
      const request = { action: verb, order_id: orderId, by: await callerOf(stack) };
      const { text, answer } = await answerOf(stack, { role: 'operate', request });
      if (options.json) world.terminal.print(text);
      const state = shownAt(answer, 'state');
      const isNothing = answer['nothing_done'] === true;
      if (isNothing && state !== WANTED[verb]) {
        throw CommandFault.failed(`nothing was done: order ${id} is ${state}, and ${verb} changes nothing of that`);
      }
      if (options.json) return;
      const far = `${shownAt(answer, 'changed')} of ${shownAt(answer, 'matched')} done`;
      world.terminal.print(
        isNothing ? `nothing was done: order ${id} was ${state} already, ${far}` : `order ${id} is ${state}: ${far}`,
      );
    });
}

/** What an order is meant to become. */
const WANTED = { pause: 'paused', continue: 'running', stop: 'stopped' } as const;

const MOST_OF_A_NAME = 27;

/** Of a name that is too long for its column what tells it from others: the end of an ARN, the beginning of anything else. */
function clippedName(by: string): string {
  if (by.length <= MOST_OF_A_NAME) return by;
  return by.startsWith('arn:') ? `…${by.slice(1 - MOST_OF_A_NAME)}` : `${by.slice(0, MOST_OF_A_NAME - 1)}…`;
}
