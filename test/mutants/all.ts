import { CLAIMING } from './claim.ts';
import { CONNECTING } from './connecting.ts';
import { CREDENTIALS } from './credentials.ts';
import { DATABASE } from './database.ts';
import { ENQUEUE } from './enqueue.ts';
import { MIGRATIONS } from './migrations.ts';
import { QUEUE } from './queue.ts';
import { RECORDING } from './recording.ts';
import { REQUEST } from './request.ts';
import { RESPONSE } from './response.ts';
import { ROW } from './row.ts';
import { SWEEP } from './sweep.ts';
import type { Mutations } from './mutation.ts';

/** Of every row and every promise. */
export const MUTATIONS: Mutations = {
  ...CLAIMING,
  ...CONNECTING,
  ...CREDENTIALS,
  ...DATABASE,
  ...ENQUEUE,
  ...MIGRATIONS,
  ...QUEUE,
  ...RECORDING,
  ...REQUEST,
  ...RESPONSE,
  ...ROW,
  ...SWEEP,
};
