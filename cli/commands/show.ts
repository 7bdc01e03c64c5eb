import type { Command } from 'commander';
import { isJsonObject } from '../../shared/runtime/json-object.ts';
import { type Answer, askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

type ShowOptions = { run?: string; node?: string; payload?: true };

export function addShow(program: Command, world: CommandWorld): void {
  program
    .command('show [id]')
    .description('one delivery, by its id or uuid, or by --run and --node: where it stands, why, and what happens next')
    .option('--run <id>', 'the workflow run')
    .option('--node <id>', 'the webhook node')
    .option('--payload', 'with its payload and the values of its headers')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const options = optionsOf<ShowOptions>(command);
      const request = {
        action: 'show',
        ...keyOf(id, options),
        ...(options.payload && { include: ['payload'] }),
      };
      const { answer, shown } = await askFunction(command, world, { role: 'inspect', request });
      if (!shown) printDelivery(answer, world);
    });
}

function keyOf(id: string | undefined, { run, node }: ShowOptions): object {
  if (id !== undefined && run === undefined && node === undefined) {
    return /^\d+$/.test(id) ? { delivery_id: Number(id) } : { delivery_uuid: id };
  }
  if (id === undefined && run !== undefined && node !== undefined) {
    return { workflow_run_id: numberOf('--run', run), webhook_node_id: node };
  }
  throw CommandFault.wrongUsage('give the id or uuid of a delivery, or --run and --node');
}

function printDelivery(answer: Answer, { terminal }: CommandWorld): void {
  const delivery = isJsonObject(answer['delivery']) ? answer['delivery'] : {};
  const explanation: unknown = answer['explanation'];
  const state = shownAt(delivery, 'phase') || shownAt(delivery, 'status');
  terminal.print(terminal.styled('bold', `delivery ${shownAt(delivery, 'delivery_id')}: ${state}`));
  for (const sentence of Array.isArray(explanation) ? explanation : [explanation ?? '']) {
    if (sentence !== '') terminal.print(`  ${String(sentence)}`);
  }
  terminal.print('');
  const facts = Object.keys(delivery).filter((name) => shownAt(delivery, name) !== '');
  terminal.print(
    facts
      .map((name) => `${terminal.styled('dim', name.padEnd(20))} ${withoutControls(shownAt(delivery, name))}`)
      .join('\n'),
  );
  const attempts = rowsOf(answer, 'attempts');
  if (attempts.length === 0) return;
  terminal.print('');
  terminal.print(
    tableOf(attempts, {
      attempt: (row) => shownAt(row, 'attempt'),
      started: (row) => shownAt(row, 'started_at'),
      ms: (row) => shownAt(row, 'duration_ms'),
      status: (row) => shownAt(row, 'status_code'),
      failure: (row) => shownAt(row, 'error_class'),
      error: (row) => shownAt(row, 'error'),
    }),
  );
}

/** What a receiver answered must not steer the terminal. */
function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
