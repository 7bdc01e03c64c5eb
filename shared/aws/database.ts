import { PendingMarker } from '../delivery/pending-marker.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { createDataApiCalls, type SqsCalls, type Surroundings } from './clients.ts';
import { createDataApi, type DataApi, type DatabaseTarget } from './data-api.ts';
import { markedDatabase } from './marked-database.ts';
import { createSqsMarkerQueue } from './sqs-markers.ts';

/** The deliveries' database over the RDS Data API, as functions reach it. Nothing is asked yet. */
export function openDatabase(target: DatabaseTarget, surroundings: Surroundings): DataApi {
  return createDataApi(createDataApiCalls(surroundings), target, surroundings.clock);
}

export type MarkerParts = Surroundings & {
  sqs: SqsCalls;
  /** Undefined: the database never pauses, and needs no markers. */
  markerQueueUrl: string | undefined;
  log: Log;
  metrics: Pick<Metrics, 'count'>;
};

/** The same for a function whose statements may make something pending. */
export function openMarkedDatabase(target: DatabaseTarget, parts: MarkerParts): DataApi {
  const dataApi = openDatabase(target, parts);
  const marker = openMarker(parts);
  return marker === undefined ? dataApi : markedDatabase(dataApi, marker);
}

/** The marker of a process; undefined where none is needed. */
export function openMarker({ sqs, markerQueueUrl, clock, log, metrics }: MarkerParts): PendingMarker | undefined {
  if (markerQueueUrl === undefined) return undefined;
  return new PendingMarker(createSqsMarkerQueue(sqs, markerQueueUrl, clock), clock, () => {
    metrics.count('InternalFaults');
    log.warn('marker_unput', {});
  });
}
