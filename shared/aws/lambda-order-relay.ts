import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '../runtime/clock.ts';
import type { OrderRelay } from '../operate/order-relay.ts';
import { timedTry } from './timed-try.ts';

/** An asynchronous invoke answers as soon as Lambda has queued it. */
const INVOKE_MS = 5_000;

/** The operate function, invoking itself. */
export function createLambdaOrderRelay(client: LambdaClient, functionName: string, clock: Clock): OrderRelay {
  return {
    async handOver(orderId) {
      const command = new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: JSON.stringify({ order_to_work_on: orderId }),
      });
      await timedTry(clock, INVOKE_MS, (abortSignal) => client.send(command, { abortSignal }));
    },
  };
}
