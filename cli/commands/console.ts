import type { Command } from 'commander';
import { serveConsole } from '../../console/serve-console.ts';
import { callerOf } from '../caller.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf, stackOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';
import type { StackAccess } from '../stack-access.ts';

/** The same for everybody, so that a page's address can be sent to a colleague. */
const DEFAULT_PORT = '4577';

export function addConsole(program: Command, world: CommandWorld): void {
  program
    .command('console')
    .description('the console of a deployed stack, served on this machine until Ctrl-C; of a local one, where it is')
    .option('--port <port>', 'on 127.0.0.1', DEFAULT_PORT)
    .action(async (_options: unknown, command: Command) => {
      const options = optionsOf<{ port: string }>(command);
      const stack = await stackOf(command, world);
      if (stack.console !== undefined) {
        world.terminal.print(stack.console);
        return;
      }
      const { url, close } = await open(stack, numberOf('--port', options.port) ?? 0, world);
      world.terminal.print(url);
      world.terminal.say(`the console of ${stack.name}, with the credentials of this shell, until Ctrl-C`);
      await world.untilInterrupted();
      await close();
    });
}

async function open(stack: StackAccess, port: number, { env }: CommandWorld) {
  const by = await callerOf(stack);
  try {
    return await serveConsole(port, {
      invoke: invokeOf(stack),
      stack: { name: stack.label, options: stack.options, dashboard: dashboardOf(stack, env) },
      by: by ?? 'console',
    });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw CommandFault.failed(`port ${port} is taken: give another with --port`, { cause });
    }
    throw cause;
  }
}

/** The stack's output leads to AWS, where one that is asked on this machine has none: its endpoint serves its own. */
function dashboardOf({ outputs }: StackAccess, env: CommandWorld['env']): string | undefined {
  const endpoint = URL.parse(env['AWS_ENDPOINT_URL'] ?? '');
  const isHere = endpoint !== null && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(endpoint.hostname);
  return isHere ? new URL('/dashboard', endpoint).href : outputs['DashboardUrl'];
}

/** The functions of a stack as the console asks them. */
function invokeOf(stack: StackAccess): Parameters<typeof serveConsole>[1]['invoke'] {
  return async (role, payload) => {
    try {
      const answer = await stack.invoke(role, JSON.stringify(payload));
      if (answer.kind === 'answered') return { ok: true, answer: answer.value };
      return { ok: false, errorType: answer.errorType, errorMessage: answer.errorMessage };
    } catch (fault) {
      if (fault instanceof CommandFault) {
        return { ok: false, errorType: 'InvokeFailed', errorMessage: fault.message };
      }
      throw fault;
    }
  };
}
