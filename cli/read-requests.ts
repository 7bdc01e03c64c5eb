import { readFileSync } from 'node:fs';
import { CommandFault } from './command-fault.ts';
import type { Terminal } from './terminal.ts';

/** The text of a file, or of standard input for `-`. Throws CommandFault. */
export async function textOf(file: string, terminal: Terminal): Promise<string> {
  if (file === '-') return withoutMark(await terminal.readInput());
  try {
    return withoutMark(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw CommandFault.failed(`${file} cannot be read: ${cause instanceof Error ? cause.message : 'unknown'}`, {
      cause,
    });
  }
}

/** One JSON value, or several, one a line; each as its own text. Throws CommandFault with the line. */
export function jsonTextsOf(text: string): string[] {
  if (isJson(text)) return [text.trim()];
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const given = lines.filter(({ line }) => line !== '');
  if (given.length === 0)
    throw CommandFault.failed('there is nothing in it: one JSON value, or one a line, is expected');
  for (const { line, number } of given) if (!isJson(line)) throw CommandFault.failed(`line ${number} is no JSON`);
  return given.map(({ line }) => line);
}

/** A text, and the line on which it begins. */
export type NumberedText = { text: string; line: number };

/**
 * One request, or several, one a line, sound or not: a text without a line that is JSON by itself is one request. Throws
 * CommandFault where there is none.
 */
export function requestTextsOf(text: string): NumberedText[] {
  const lines = text.split('\n').map((line, index) => ({ text: line.trim(), line: index + 1 }));
  const given = lines.filter((line) => line.text !== '');
  const [first] = given;
  if (first === undefined) throw CommandFault.failed('there is nothing in it: one request, or one a line, is expected');
  return isJson(text) || !given.some((line) => isJson(line.text)) ? [{ text: text.trim(), line: first.line }] : given;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
