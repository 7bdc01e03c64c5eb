import type { Command } from 'commander';
import { answerOf, type Answer, rowsOf, shownAt } from '../ask-function.ts';
import { callerOf } from '../caller.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, confirm, confirmable, optionsOf, stackOf } from '../command-world.ts';
import { followOrder } from '../follow-order.ts';
import { numberOf, type SelectedBy, selecting, type SelectionOptions, selectionOf } from '../selection-options.ts';
import type { StackAccess } from '../stack-access.ts';

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

type OrderOptions = {
  dryRun?: true;
  note?: string;
  orderKey?: string;
  perSecond?: string;
  maxAttempts?: string;
  wait?: true;
  yes?: true;
  json?: true;
};

export function addOrderCommands(program: Command, world: CommandWorld): void {
  for (const kind of KINDS) addOrder(program, world, kind);
}

function addOrder(program: Command, world: CommandWorld, kind: OrderKind): void {
  const command = confirmable(selecting(program.command(kind.action), kind.by))
    .description(kind.says)
    .option('--dry-run', 'only count them')
    .option('--note <text>', 'why: kept with the order')
    .option('--order-key <key>', 'the same request with the same key is the same order')
    .option('--wait', 'do not return before the order is done');
  if (kind.sends) {
    command.option('--per-second <number>', 'for each endpoint host').option('--max-attempts <number>', 'of each');
  }
  command.action(async (ids: string[], _options: unknown, given: Command) => {
    const options = optionsOf<OrderOptions & SelectionOptions>(given);
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
    await giveOrder(request, { kind, options, stack: await stackOf(given, world), world });
  });
}

type Giving = { kind: OrderKind; options: OrderOptions; stack: StackAccess; world: CommandWorld };

async function giveOrder(request: object, { kind, options, stack, world }: Giving): Promise<void> {
  const count = async () => answerOf(stack, { role: 'operate', request: { ...request, dry_run: true } });
  if (options.dryRun) {
    const { text, answer } = await count();
    if (options.json) world.terminal.print(text);
    else printCounted(answer, world);
    return;
  }
  if (!options.yes) {
    const { matched, complete } = world.terminal.interactive ? (await count()).answer : {};
    const number = matched === undefined ? 'these' : `${complete === false ? 'at least ' : ''}${String(matched)}`;
    await confirm(`${kind.verb} ${number} deliveries of ${stack.name}?`, options, world);
  }
  const order = { ...request, note: options.note, order_key: options.orderKey, by: await callerOf(stack) };
  const { text, answer } = await answerOf(stack, { role: 'operate', request: order });
  if (options.json) world.terminal.print(text);
  else printOrder(answer, world);
  if (answer['complete'] !== false) return;
  if (options.wait || world.terminal.interactive) await followOrder(stack, answer['order_id'], world);
  else world.terminal.say(`it goes on by itself: surehook orders shows how far it is`);
}

function printCounted(answer: Answer, { terminal }: CommandWorld): void {
  const least = answer['complete'] === false ? 'at least ' : '';
  terminal.print(`${least}${shownAt(answer, 'matched')} match; nothing was changed`);
  sayRefused(answer, terminal);
}

function printOrder(answer: Answer, { terminal }: CommandWorld): void {
  const of = answer['order_id'] === undefined ? '' : `order ${shownAt(answer, 'order_id')}: `;
  terminal.print(`${of}${shownAt(answer, 'changed')} of ${shownAt(answer, 'matched')} done`);
  sayRefused(answer, terminal);
}

const SAID = 20;

/** Deliveries that the order leaves as they are. */
function sayRefused(answer: Answer, terminal: CommandWorld['terminal']): void {
  const refused = rowsOf(answer, 'refused');
  for (const row of refused.slice(0, SAID)) {
    terminal.say(`left: ${shownAt(row, 'delivery_id') || shownAt(row, 'delivery_uuid')} ${shownAt(row, 'because')}`);
  }
  if (refused.length > SAID) terminal.say(`and ${refused.length - SAID} more are left: --json names them`);
}
