/**
 * Text as PostgreSQL can store it. A NUL (22P05) or a lone surrogate (22P02) from a receiver would fail the statement
 * that carries it, and every outcome recorded together with it.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
