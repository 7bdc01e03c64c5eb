import type { Command } from 'commander';
import { answerOf } from '../ask-function.ts';
import { callerOf } from '../caller.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, confirm, confirmable, optionsOf, stackOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';

type LimitOptions = { organization?: string; maxInFlight?: string; maxPerSecond?: string; note?: string; yes?: true };

export function addLimit(program: Command, world: CommandWorld): void {
  confirmable(program.command('limit <url>'))
    .description('limits of one endpoint: requests in flight, requests a second')
    .requiredOption('--organization <id>', 'whose endpoint it is')
    .option('--max-in-flight <number>', 'requests at once, or none')
    .option('--max-per-second <number>', 'requests a second, or none')
    .option('--note <text>', 'why')
    .action(async (url: string, _options: unknown, command: Command) => {
      const options = optionsOf<LimitOptions>(command);
      const limits = {
        ...(options.maxInFlight !== undefined && { max_in_flight: limitOf('--max-in-flight', options.maxInFlight) }),
        ...(options.maxPerSecond !== undefined && {
          max_per_second: limitOf('--max-per-second', options.maxPerSecond),
        }),
      };
      if (Object.keys(limits).length === 0) throw CommandFault.wrongUsage('give --max-in-flight or --max-per-second');
      const stack = await stackOf(command, world);
      await confirm(`Change the limits of ${url} in ${stack.name}?`, options, world);
      const request = {
        action: 'set_endpoint',
        organization_id: numberOf('--organization', options.organization),
        endpoint_url: url,
        ...limits,
        note: options.note,
        by: await callerOf(stack),
      };
      const { text } = await answerOf(stack, { role: 'operate', request });
      world.terminal.print(options.json ? text : `${url}: changed`);
    });
}

/** `none` takes a limit away. */
function limitOf(option: string, text: string): number | null {
  if (text === 'none') return null;
  if (!/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) throw CommandFault.wrongUsage(`${option} must be a number, or none`);
  return Number(text);
}
