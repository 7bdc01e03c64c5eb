/** The known name that a mistyped one most likely means; undefined if none is near: more than a third of it would have to change. */
export function nearestName(mistyped: string, known: readonly string[]): string | undefined {
  const judged = known.map((name) => ({ name, edits: editsBetween(mistyped.toLowerCase(), name.toLowerCase()) }));
  const [best] = judged.toSorted((a, b) => a.edits - b.edits);
  return best !== undefined && best.edits <= Math.max(mistyped.length, best.name.length) / 3 ? best.name : undefined;
}

/** How many letters must be put in, taken out or replaced to make one name of the other. */
export function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
