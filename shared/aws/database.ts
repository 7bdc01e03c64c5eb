import { createDataApiCalls, type Surroundings } from './clients.ts';
import { createDataApi, type DataApi, type DatabaseTarget } from './data-api.ts';

/** The deliveries' database over the RDS Data API, as functions reach it. Nothing is asked yet. */
export function openDatabase(target: DatabaseTarget, surroundings: Surroundings): DataApi {
  return createDataApi(createDataApiCalls(surroundings), target, surroundings.clock);
}
