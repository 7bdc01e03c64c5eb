import type { Command } from 'commander';
import { isJsonObject } from '../shared/runtime/json-object.ts';
import { DATABASE_WAKES, meansSleepingDatabase } from '../shared/runtime/sleeping-database.ts';
import { CommandFault } from './command-fault.ts';
import { type CommandWorld, optionsOf, stackOf } from './command-world.ts';
import type { StackAccess } from './stack-access.ts';

/** A JSON object, as a function answers. */
export type Answer = Readonly<Record<string, unknown>>;

export type Asked = { stack: StackAccess; answer: Answer };

/**
 * Asks a function of the command's stack; with `--json` prints its answer as it came, and `shown` tells that nothing else is
 * to be printed. Throws CommandFault with the function's own words where it refuses.
 */
export async function askFunction(
  command: Command,
  world: CommandWorld,
  { role, request }: { role: string; request: object },
): Promise<Asked & { shown: boolean }> {
  const stack = await stackOf(command, world);
  const shown = optionsOf(command).json === true;
  const { text, answer } = await answerOf(stack, { role, request });
  if (shown) world.terminal.print(text);
  return { stack, answer, shown };
}

/** Asks a function and returns its answer. Throws CommandFault with the function's own words where it refuses. */
export async function answerOf(
  stack: StackAccess,
  { role, request }: { role: string; request: object },
): Promise<{ text: string; answer: Answer }> {
  const answered = await stack.invoke(role, JSON.stringify(request));
  if (answered.kind === 'refused') throw CommandFault.failed(refusalWords(answered));
  if (!isJsonObject(answered.value)) throw CommandFault.failed(`${role} answered no JSON object`);
  return { text: answered.text, answer: answered.value };
}

/** What a refusal means where its own words do not say it, and then those. */
export function refusalWords({ errorType, errorMessage }: { errorType: string; errorMessage: string }): string {
  const words = `${errorType}: ${errorMessage}`;
  return meansSleepingDatabase(words) ? `${DATABASE_WAKES} (${words})` : words;
}

/** The objects of a list in an answer. */
export function rowsOf(answer: Answer, name: string): Answer[] {
  const rows = answer[name];
  return Array.isArray(rows) ? rows.filter(isJsonObject) : [];
}

/** A member of an answer, for people: nothing for null, JSON for what is neither text nor number. */
export function shownAt(row: Answer, name: string): string {
  const value = row[name];
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}
