import type { Clock } from '../runtime/clock.ts';
import { createRdsDataClient } from './clients.ts';
import { createDataApi, type DataApi, type DatabaseTarget } from './data-api.ts';

/** The deliveries' database over the RDS Data API, as functions reach it. Nothing is asked yet. */
export function openDatabase(target: DatabaseTarget, clock: Clock): DataApi {
  return createDataApi(createRdsDataClient(), target, clock);
}
