import type { Command } from 'commander';
import { agentTools } from '../agent-tools.ts';
import { type CommandWorld, optionsOf, stackOf } from '../command-world.ts';

export function addMcp(program: Command, world: CommandWorld): void {
  program
    .command('mcp')
    .description('serve inspect to agents, over standard input and output (Model Context Protocol)')
    .option('--allow-write', 'serve operate as well: agents may then redeliver, cancel and erase')
    .action(async (_options: unknown, command: Command) => {
      const { allowWrite } = optionsOf<{ allowWrite?: true }>(command);
      const stack = await stackOf(command, world);
      const { terminal } = world;
      terminal.say(`serving ${stack.name} to agents${allowWrite ? ', which may change it' : ', read-only'}`);
      // Loaded here, because no other command needs it.
      const { serveAgents } = await import('../agent-server.ts');
      const tools = agentTools(allowWrite ? 'with operate' : 'read-only');
      await serveAgents(tools, { stack, report: (fault) => terminal.say(`surehook mcp: ${fault}`) });
    });
}
