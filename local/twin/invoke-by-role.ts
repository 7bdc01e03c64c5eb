import type { Lambda } from '../aws/lambda/service.ts';

export type InvokeAnswer = { ok: true; answer: unknown } | { ok: false; errorType: string; errorMessage: string };

/** Invokes a function by its file's name, as the console does it. Never rejects. */
export function invokeByRole(lambda: Lambda, functions: Readonly<Record<string, string>>) {
  return async (role: string, payload: unknown): Promise<InvokeAnswer> => {
    const name = functions[role];
    if (name === undefined) return { ok: false, errorType: 'NoFunction', errorMessage: `there is no function ${role}` };
    return invokeByName(lambda, name, payload);
  };
}

/** Invokes a function by its name or ARN. Never rejects. */
export async function invokeByName(lambda: Lambda, name: string, payload: unknown): Promise<InvokeAnswer> {
  try {
    const result = await lambda.invoke(name, JSON.stringify(payload));
    switch (result.kind) {
      case 'returned':
        return { ok: true, answer: JSON.parse(result.payload.toString()) as unknown };
      case 'failed':
        return { ok: false, errorType: result.errorType, errorMessage: result.errorMessage };
      case 'throttled':
      case 'stopped':
        return { ok: false, errorType: 'InvokeFailed', errorMessage: `the function could not run: ${result.kind}` };
    }
  } catch (error) {
    return { ok: false, errorType: 'InvokeFailed', errorMessage: error instanceof Error ? error.message : 'unknown' };
  }
}
