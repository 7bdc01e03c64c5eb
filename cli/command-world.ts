import type { Command } from 'commander';
import { CommandFault } from './command-fault.ts';
import { findStack, type StackOptions } from './find-stack.ts';
import type { StackAccess } from './stack-access.ts';
import type { Terminal } from './terminal.ts';

/** What every command has to work with. */
export type CommandWorld = {
  env: Readonly<Record<string, string | undefined>>;
  terminal: Terminal;
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
  /** Settles when somebody wants the command to end. */
  untilInterrupted(): Promise<unknown>;
};

/** Options that every command takes. */
export type GlobalOptions = StackOptions & { json?: true };

/** The options of a command, and those that may stand before its name. */
export function optionsOf<Own extends object>(command: Command): GlobalOptions & Own {
  return command.optsWithGlobals<GlobalOptions & Own>();
}

/** The stack that a command is about. Throws CommandFault. */
export function stackOf(command: Command, { env }: CommandWorld): Promise<StackAccess> {
  return findStack(optionsOf(command), env);
}

/** Option of every command that changes something. */
type Confirmable = { yes?: true };

export function confirmable(command: Command): Command {
  return command.option('-y, --yes', 'do not ask');
}

/** Asks before something is changed. Throws CommandFault where nobody can be asked, and where the answer is no. */
export async function confirm(
  question: string,
  { yes }: Confirmable,
  { terminal }: Pick<CommandWorld, 'terminal'>,
): Promise<void> {
  if (yes) return;
  if (!terminal.interactive) throw CommandFault.wrongUsage(`${question} Say so with --yes: nobody can be asked here.`);
  if (!(await terminal.ask(question))) throw CommandFault.failed('nothing was changed');
}
