// Made once: creating a format costs more than formatting a hundred figures.
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });

/** For scales: `0`, `2.5`, `12K`. */
export function scaleFigure(value: number): string {
  return compact.format(value);
}

const [whole, tenths, hundredths] = [0, 1, 2].map(
  (maximumFractionDigits) => new Intl.NumberFormat('en-US', { maximumFractionDigits }),
);

/** For people to read: about three digits, and all of a large whole number. */
export function shownFigure(value: number | undefined): string {
  if (value === undefined) return '–';
  const magnitude = Math.abs(value);
  const format = magnitude >= 100 ? whole : magnitude >= 10 ? tenths : hundredths;
  return format?.format(value) ?? String(value);
}

/** `5 min`, `90 s`, `3 h`. */
export function shownSpan(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
