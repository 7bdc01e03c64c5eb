import type { Surroundings } from '../../../shared/aws/clients.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';

/** Of a function that is told to look for AWS at a local endpoint; any credentials will do there. */
export function localSurroundings(endpoint: string): Surroundings {
  const credentials = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };
  return { environment: { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: endpoint, ...credentials }, clock: systemClock };
}
