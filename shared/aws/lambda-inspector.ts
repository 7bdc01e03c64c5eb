import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Inspected, Inspector } from '../operate/inspector.ts';
import type { Clock } from '../runtime/clock.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { timedTry } from './timed-try.ts';

/** A list or a count ends by itself after ten seconds; a paused database takes half a minute to wake. */
const ANSWER_MS = 45_000;

const NO_ROOM = 'Lambda refused it: the account has no concurrency left in this region. Try again in a moment.';
const REFUSED = 'this function may not invoke inspect: somebody has changed its role. Deploy again.';

/** The inspect function, asked by the dashboard's widget. */
export function createLambdaInspector(client: LambdaClient, functionName: string, clock: Clock): Inspector {
  return {
    async ask(request) {
      const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) });
      try {
        const { FunctionError, Payload } = await timedTry(clock, ANSWER_MS, (abortSignal) =>
          client.send(command, { abortSignal }),
        );
        return read(FunctionError, Buffer.from(Payload ?? []).toString('utf8'));
      } catch (fault) {
        return { ok: false, because: whyNot(fault instanceof Error ? fault.name : 'a fault without a name') };
      }
    },
  };
}

function read(functionError: string | undefined, text: string): Inspected {
  const answer = parsed(text);
  if (functionError === undefined && isJsonObject(answer)) return { ok: true, answer };
  const type = isJsonObject(answer) ? answer['errorType'] : undefined;
  return {
    ok: false,
    because: `inspect failed (${typeof type === 'string' ? nameIn(type) : 'no answer'}): see its log.`,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function whyNot(name: string): string {
  if (/TooManyRequests|Throttl/.test(name)) return NO_ROOM;
  if (name.startsWith('AccessDenied')) return REFUSED;
  return `inspect did not answer (${nameIn(name)}).`;
}

/** An error's name is written by code; whatever else it may hold stays out. */
function nameIn(name: string): string {
  return name.replaceAll(/[^\w.]/g, '').slice(0, 64);
}
