import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Examiner, ReceiverStep } from '../operate/examiner.ts';
import type { Clock } from '../runtime/clock.ts';
import { isJsonObject } from '../runtime/json-object.ts';
import { timedTry } from './timed-try.ts';

/** Two examinations' worth, and a cold start: longer than deliver takes, shorter than inspect may. */
const EXAMINATION_MS = 50_000;

/** The deliver function, asked by inspect. */
export function createLambdaExaminer(client: LambdaClient, functionName: string, clock: Clock): Examiner {
  return {
    async examine({ endpointUrl, organizationId, credentialUuid, send }) {
      const examine = {
        endpoint_url: endpointUrl,
        organization_id: organizationId,
        credential_uuid: credentialUuid,
        send,
      };
      const command = new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify({ examine }) });
      const { FunctionError, Payload } = await timedTry(clock, EXAMINATION_MS, (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString('utf8') || 'null');
      const steps: unknown = isJsonObject(answer) ? answer['steps'] : undefined;
      if (FunctionError !== undefined || !Array.isArray(steps))
        throw new Error('deliver could not examine the receiver');
      // Only deliver writes them, of the same version.
      return steps as ReceiverStep[];
    },
  };
}
