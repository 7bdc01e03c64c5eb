import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';

const START = fileURLToPath(new URL('../../local/start.js', import.meta.url));

type LocalOptions = { port?: string; app?: string };

export function addLocal(program: Command, world: CommandWorld): void {
  program
    .command('local')
    .description('run the whole stack on this machine, until Ctrl-C')
    .option('--port <port>', 'the one port on 127.0.0.1 (default: PORT, or 4566)')
    .option(
      '--app <cdk.out>',
      'the cloud assembly of your own CDK app; --stack says which of its stacks, if several have the construct',
    )
    .action((_options: unknown, command: Command) => {
      const { port, dataDir, app, stack } = optionsOf<LocalOptions>(command);
      const words = [
        ...(app === undefined ? [] : ['--app', resolve(app)]),
        ...(stack === undefined ? [] : ['--stack', stack]),
      ];
      const env = {
        ...world.env,
        ...(port !== undefined && { PORT: port }),
        ...(dataDir !== undefined && { DATA_DIR: resolve(dataDir) }),
      };
      become([process.execPath, '--max-semi-space-size=8', START, ...words], env);
    });
}

/** Turns this process into another program, as `exec` does: signals, terminal and exit code are then its own. */
function become([program = '', ...args]: readonly string[], env: CommandWorld['env']): void {
  if (!existsSync(START)) throw CommandFault.failed('the local stack is not in this package: run npm start in a clone');
  const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  process.removeAllListeners('warning');
  if (process.execve === undefined)
    throw CommandFault.failed('surehook local needs Node 22.15 or newer, not on Windows');
  process.execve(program, [program, ...args], Object.fromEntries(set));
}
