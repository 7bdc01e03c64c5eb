type Reader = { maybeEmpty(name: string): string };

/** Where markers are put; undefined: the database never sleeps, and the sweep always asks it. */
export function readMarkerQueueUrl(reader: Reader): string | undefined {
  const url = reader.maybeEmpty('MARKER_QUEUE_URL');
  return url === '' ? undefined : url;
}
