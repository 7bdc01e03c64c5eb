/** Names of the places that hold any canary in any spelling. */
export function found(canaries: readonly string[], places: ReadonlyMap<string, string>): string[] {
  const needles = canaries.flatMap(spellings);
  return [...places].flatMap(([place, text]) => (holds(text, needles) ? [place] : []));
}

/** As it stands, or in base64: then base64 inside that is found, too. */
function holds(text: string, needles: readonly string[]): boolean {
  const decoded = text.match(/[A-Za-z0-9+/]{16,}={0,2}/g)?.map((run) => Buffer.from(run, 'base64').toString('latin1'));
  return [text, ...(decoded ?? [])].some((read) => needles.some((needle) => read.includes(needle)));
}

export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** In which programs write a text without meaning to hide it. */
export function spellings(value: string): string[] {
  const unpadded = base64(value).replace(/=+$/, '');
  // What base64 makes of it inside a longer text, at the two other alignments, but for the cut ends.
  const shifted = [1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + value, 'utf8')
      .toString('base64')
      .slice(4, -4),
  );
  return [
    value,
    unpadded.slice(0, -1),
    ...shifted,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(JSON.stringify(value)).slice(3, -3),
    Buffer.from(value, 'utf8').toString('hex'),
    value.toUpperCase(),
    [...Buffer.from(value, 'utf8')].join(','),
    Buffer.from(value, 'utf8')
      .toString('hex')
      .replaceAll(/..(?=.)/g, '$&:'),
  ];
}
