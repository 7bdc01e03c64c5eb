import type { NewsScreen } from './delivery-news.ts';

type Output = { write(text: string): unknown; isTTY?: boolean | undefined };

/** To the beginning of the line, and nothing behind it. */
const CLEAR_LINE = '\r\u001B[2K';

/** Lines on the output; below them, on a terminal alone, one that is overwritten. */
export function createScreen(output: Output): NewsScreen {
  let shown: string | undefined;
  const clear = (): string => (shown === undefined ? '' : CLEAR_LINE);
  return {
    say(line) {
      output.write(`${clear()}${line}\n${shown ?? ''}`);
    },
    status(text) {
      if (output.isTTY !== true || text === shown) return;
      output.write(`${clear()}${text ?? ''}`);
      shown = text;
    },
  };
}
