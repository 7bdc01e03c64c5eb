/** Characters that nobody sees: format characters, the byte order mark among them, and those that are drawn as nothing. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Names the first invisible character of a text in which nobody may hide anything, such as a URL, by code point and place
 * (counted in characters from 1); undefined if there is none. Repeats nothing else of the text.
 */
export function invisibleCharacterIn(text: string): string | undefined {
  const found = INVISIBLE.exec(text);
  if (found === null) return undefined;
  const codePoint = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `the invisible character U+${codePoint} at character ${Array.from(text.slice(0, found.index)).length + 1}`;
}
