import { objectOf } from './answer-values.ts';

/** The functions that the console invokes, by their file's name. All but the last two are of a stack on this machine alone. */
export type ConsoleFunction = 'enqueue' | 'sweep' | 'inspect' | 'operate';

export type Fault = { errorType: string; errorMessage: string };
export type InvokeResult = { ok: true; answer: unknown } | ({ ok: false } & Fault);

/** Invokes a function of the stack and waits for its answer. Never rejects. */
export type Invoke = (functionName: ConsoleFunction, payload: unknown) => Promise<InvokeResult>;

/** What was asked for, or why there is none. */
export type Told<Value> = { ok: true; value: Value } | { ok: false; fault: Fault };

export function toldAs<Value>(result: InvokeResult, read: (answer: unknown) => Value): Told<Value> {
  if (result.ok) return { ok: true, value: read(result.answer) };
  const { errorType, errorMessage } = result;
  return { ok: false, fault: { errorType, errorMessage } };
}

/** An answer of plain figures as one line: `put_back: 3, buried: 0`. */
export function answerLine(answer: unknown): string {
  return Object.entries(objectOf(answer))
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`)
    .join(', ');
}
