import { StringDecoder } from 'node:string_decoder';

/** A line without an end is passed on in pieces of this many characters, as CloudWatch Logs splits events at 256 KB. */
const MAX_LINE_CHARACTERS = 256 * 1024;

/** Splits a process's output into lines, however it is chunked; `end` passes on a last line without a line break. */
export function lineReader(take: (line: string) => void): { push: (chunk: Buffer) => void; end: () => void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
      while (rest.length > MAX_LINE_CHARACTERS) {
        take(rest.slice(0, MAX_LINE_CHARACTERS));
        rest = rest.slice(MAX_LINE_CHARACTERS);
      }
    },
    end() {
      const last = rest + decoder.end();
      rest = '';
      if (last !== '') take(last);
    },
  };
}
