import { MAX_REPORTED_NAME_CHARACTERS } from './limits.ts';

/** A name from outside, made fit for a message: control and format characters and lone surrogates replaced, 64 characters. */
export function printableName(name: string): string {
  const start = name.slice(0, 2 * MAX_REPORTED_NAME_CHARACTERS);
  const characters = [...start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')];
  if (characters.length <= MAX_REPORTED_NAME_CHARACTERS && start.length === name.length) return characters.join('');
  return `${characters.slice(0, MAX_REPORTED_NAME_CHARACTERS).join('')}…`;
}
