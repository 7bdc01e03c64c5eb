import { type Answer, answerOf, rowsOf, shownAt } from './ask-function.ts';
import type { CommandWorld } from './command-world.ts';
import type { StackAccess } from './stack-access.ts';

/** How often an order's row is looked at. */
const LOOK_EVERY_MS = 2_000;

/** Waits until an order is over and shows how far it is. Whoever ends the command does not end the order. */
export async function followOrder(stack: StackAccess, orderId: unknown, world: CommandWorld): Promise<void> {
  const { terminal } = world;
  for (;;) {
    await world.wait(LOOK_EVERY_MS);
    const request = { action: 'orders', order_id: orderId };
    const [order = {}] = rowsOf((await answerOf(stack, { role: 'inspect', request })).answer, 'orders');
    const far = `${shownAt(order, 'done')} of ${shownAt(order, 'matched')}`;
    if (order['state'] !== 'running') {
      terminal.say(`order ${String(orderId)} is ${shownAt(order, 'state') || 'gone'}: ${far} done`);
      sayLastDue(order, world);
      return;
    }
    terminal.progress(`order ${String(orderId)}: ${far} done; it goes on by itself if you leave (Ctrl-C)`);
  }
}

/** An order that sends again is done when all of them are pending: each is attempted at its turn. */
export function sayLastDue(order: Answer, { terminal, nowMs }: CommandWorld): void {
  const at = shownAt(order, 'last_due_at');
  if (Date.parse(at) > nowMs()) terminal.say(`done means pending again: each has its turn, the last one at ${at}`);
}
