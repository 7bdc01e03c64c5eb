import type { Command } from 'commander';
import { type Answer, answerOf, rowsOf, shownAt } from './ask-function.ts';
import { callerOf } from './caller.ts';
import { type CommandWorld, confirm, confirmable } from './command-world.ts';
import { counted as inWords } from './counted.ts';
import { followOrder, sayLastDue } from './follow-order.ts';
import type { StackAccess } from './stack-access.ts';

/** Options of every order. */
export type OrderOptions = {
  dryRun?: true;
  note?: string;
  orderKey?: string;
  wait?: true;
  yes?: true;
  json?: true;
};

export function ordering(command: Command): Command {
  return confirmable(command)
    .option('--dry-run', 'only count them')
    .option('--note <text>', 'why: kept with the order')
    .option('--order-key <key>', 'the same request with the same key is the same order')
    .option('--wait', 'do not return before the order is done');
}

/** `verb` is what is asked of whoever gives it, before the number: `Cancel 3 deliveries`. */
type Giving = { verb: string; options: OrderOptions; stack: StackAccess; world: CommandWorld };

/** Counts, asks, orders, and follows where somebody watches. Throws CommandFault. */
export async function giveOrder(request: object, { verb, options, stack, world }: Giving): Promise<void> {
  const count = async () => answerOf(stack, { role: 'operate', request: { ...request, dry_run: true } });
  if (options.dryRun) {
    const { text, answer } = await count();
    if (options.json) world.terminal.print(text);
    else printCounted(answer, world);
    return;
  }
  if (!options.yes) {
    const counted = (await count()).answer;
    const { matched, complete } = counted;
    const number = matched === undefined ? 'these' : `${complete === false ? 'at least ' : ''}${String(matched)}`;
    await confirm(
      `${verb} ${inWords(number, 'delivery', 'deliveries')} of ${stack.name}${dealtWith(counted)}?`,
      options,
      world,
    );
  }
  const order = { ...request, note: options.note, order_key: options.orderKey, by: await callerOf(stack) };
  const { text, answer } = await answerOf(stack, { role: 'operate', request: order });
  if (options.json) world.terminal.print(text);
  else printOrder(answer, world);
  if (answer['complete'] !== false) {
    sayLastDue(answer, world);
    return;
  }
  if (options.wait || world.terminal.interactive) await followOrder(stack, answer['order_id'], world);
  else world.terminal.say(`it goes on by itself: surehook orders shows how far it is`);
}

function printCounted(answer: Answer, { terminal }: CommandWorld): void {
  const least = answer['complete'] === false ? 'at least ' : '';
  terminal.print(`${least}${shownAt(answer, 'matched')} match${dealtWith(answer)}; nothing was changed`);
  sayRefused(answer, terminal);
}

/** What others have done with some of them already. */
function dealtWith(answer: Answer): string {
  const parts = [
    { number: Number(answer['dismissed'] ?? 0), is: 'dismissed' },
    { number: Number(answer['expunged'] ?? 0), is: 'erased: none of these can be sent again' },
  ];
  const told = parts.filter(({ number }) => number > 0).map(({ number, is }) => `${number} of them ${is}`);
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
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
