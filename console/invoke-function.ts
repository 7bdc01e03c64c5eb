/** The functions that the console invokes, by their file's name. */
export type ConsoleFunction = 'enqueue' | 'sweep' | 'inspect' | 'operate';

export type InvokeResult = { ok: true; answer: unknown } | { ok: false; errorType: string; errorMessage: string };

/** Invokes a function of the stack and waits for its answer. */
export type Invoke = (functionName: ConsoleFunction, payload: unknown) => Promise<InvokeResult>;

/** A function's answer as fields; empty if it is not an object. */
export function answerFields(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null ? { ...answer } : {};
}

/** An answer of plain figures as one line: `put_back: 3, buried: 0`. */
export function answerLine(answer: unknown): string {
  return Object.entries(answerFields(answer))
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`)
    .join(', ');
}
