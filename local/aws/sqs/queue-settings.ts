export type QueueSettings = {
  /** 0-900. */
  delaySeconds: number;
  /** 0-43200. */
  visibilityTimeoutSeconds: number;
  /** 60-1209600, counted from a message's first enqueue. */
  retentionSeconds: number;
  /** Body and message attributes together, bytes of UTF-8. */
  maximumMessageBytes: number;
  /** 0-20; how long a receive waits if it names no time itself. */
  receiveWaitSeconds: number;
  redrive: { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
  /** Attributes about access and encryption at rest, which have no counterpart on one machine: kept as they were set. */
  inert: Readonly<Record<string, string>>;
};
