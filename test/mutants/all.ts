import { CLAIMING } from './claim.ts';
import { CONNECTING } from './connecting.ts';
import { CREDENTIALS } from './credentials.ts';
import { DATABASE } from './database.ts';
import { DEPLOYED_STACK } from './deployed-stack.ts';
import { DEPLOYED } from './deployed.ts';
import { ENDPOINTS } from './endpoints.ts';
import { ENQUEUE_REQUESTS } from './enqueue-requests.ts';
import { ENQUEUE } from './enqueue.ts';
import { HAND_OVER } from './hand-over.ts';
import { IDLE } from './idle.ts';
import { MACHINE_OF_ONE } from './machine.ts';
import { MIGRATIONS } from './migrations.ts';
import { OPERATING } from './operating.ts';
import { ORDERING } from './ordering.ts';
import { OUTCOMES } from './outcomes.ts';
import { PROMISES } from './promises.ts';
import { QUEUE } from './queue.ts';
import { RECORDING_ORDERS } from './recording-orders.ts';
import { RECORDING } from './recording.ts';
import { REQUEST } from './request.ts';
import { RESPONSE } from './response.ts';
import { ROW } from './row.ts';
import { SWEEP } from './sweep.ts';
import { TOKENS } from './tokens.ts';
import type { Mutations } from './mutation.ts';

/** Of every row and every promise. */
export const MUTATIONS: Mutations = {
  ...CLAIMING,
  ...CONNECTING,
  ...CREDENTIALS,
  ...DATABASE,
  ...DEPLOYED_STACK,
  ...DEPLOYED,
  ...ENDPOINTS,
  ...ENQUEUE_REQUESTS,
  ...ENQUEUE,
  ...HAND_OVER,
  ...IDLE,
  ...MACHINE_OF_ONE,
  ...MIGRATIONS,
  ...OPERATING,
  ...ORDERING,
  ...OUTCOMES,
  ...PROMISES,
  ...QUEUE,
  ...RECORDING_ORDERS,
  ...RECORDING,
  ...REQUEST,
  ...RESPONSE,
  ...ROW,
  ...SWEEP,
  ...TOKENS,
};
