/** What a function answered, as the console takes it: by type, whatever else may stand there. */
export type Answered = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Answered {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function listAt(answered: Answered, name: string): unknown[] {
  const value = answered[name];
  return Array.isArray(value) ? value : [];
}

export function textAt(answered: Answered, name: string): string | undefined {
  const value = answered[name];
  return typeof value === 'string' ? value : undefined;
}

/** A text or a number, as text. */
export function idAt(answered: Answered, name: string): string | undefined {
  const value = answered[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

export function numberAt(answered: Answered, name: string): number | undefined {
  const value = answered[name];
  return typeof value === 'number' ? value : undefined;
}

/** Undefined also where the text is no instant. */
export function instantAt(answered: Answered, name: string): Date | undefined {
  const text = textAt(answered, name);
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at);
}
