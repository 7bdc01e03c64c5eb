import { Command, CommanderError } from 'commander';
import { VERSION } from '../shared/runtime/version.ts';
import { CommandFault } from './command-fault.ts';
import type { CommandWorld } from './command-world.ts';
import { addAdopt } from './commands/adopt.ts';
import { addCheck } from './commands/check.ts';
import { addConsole } from './commands/console.ts';
import { addCount } from './commands/count.ts';
import { addCredentials } from './commands/credentials.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEndpoints } from './commands/endpoints.ts';
import { addEnqueue } from './commands/enqueue.ts';
import { addHold } from './commands/hold.ts';
import { addLimit } from './commands/limit.ts';
import { addList } from './commands/list.ts';
import { addLocal } from './commands/local.ts';
import { addMcp } from './commands/mcp.ts';
import { addOrderCommands } from './commands/order-commands.ts';
import { addOrders } from './commands/orders.ts';
import { addShow } from './commands/show.ts';
import { addWatch } from './commands/watch.ts';

/** In the order in which help shows them. */
const COMMANDS = [
  addLocal,
  addCheck,
  addEnqueue,
  addList,
  addShow,
  addCount,
  addEndpoints,
  addDoctor,
  addWatch,
  addOrders,
  addOrderCommands,
  addAdopt,
  addHold,
  addLimit,
  addConsole,
  addMcp,
  addCredentials,
];

/** Runs one command. Returns the exit code: 0 done, 1 failed, 2 wrong usage. Never rejects. */
export async function runProgram(args: readonly string[], world: CommandWorld): Promise<0 | 1 | 2> {
  try {
    await createProgram(world).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return isHelp(error) ? 0 : 2;
    world.terminal.say(`surehook: ${lineOf(error)}`);
    return error instanceof CommandFault ? error.exitCode : 1;
  } finally {
    world.terminal.progress('');
  }
}

/** The program with all its commands; wrong usage throws CommanderError, after it was told. */
function createProgram(world: CommandWorld): Command {
  const { terminal } = world;
  const program = new Command('surehook')
    .description('Durable outbound webhooks: a deployed stack, or one on this machine')
    .version(VERSION)
    .option('--stack <name>', 'a deployed stack, by its name (default: WebhookDelivery)')
    .option('--construct <prefix>', 'which of several constructs in that stack, by the prefix of its outputs')
    .option('--region <region>', 'its region (default: as for the AWS CLI)')
    .option('--profile <name>', 'a profile of the AWS configuration')
    .option(
      '--data-dir <folder>',
      'a stack running on this machine, by its DATA_DIR (default: .surehook, if one runs there)',
    )
    .option('--json', 'print exactly what the function answered')
    .showHelpAfterError('(surehook --help, or surehook <command> --help)')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
    });
  for (const add of COMMANDS) add(program, world);
  return program;
}

function isHelp({ exitCode }: CommanderError): boolean {
  return exitCode === 0;
}

function lineOf(error: unknown): string {
  if (error instanceof CommandFault) return error.message;
  if (!(error instanceof Error)) return 'an unknown fault';
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}
