import type { PendingMarker } from '../delivery/pending-marker.ts';
import type { DataApi } from './data-api.ts';

/**
 * The database of a function whose statements may make something pending: none is sent before there is a marker. Which of them do, nobody
 * has to know here: whoever is asked is awake.
 */
export function markedDatabase(dataApi: DataApi, marker: PendingMarker): DataApi {
  return {
    ...dataApi,
    execute: (statement, parameters, time) => marker.around(() => dataApi.execute(statement, parameters, time)),
  };
}
