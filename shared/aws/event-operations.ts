export type EventEntry = {
  EventBusName: string;
  Source: string;
  DetailType: string;
  /** Seconds since the Unix epoch. */
  Time: number;
  Detail: string;
};

/** The operation of EventBridge that is used, as far as it is. */
export type EventOperations = {
  PutEvents: {
    input: { Entries: readonly EventEntry[] };
    /** Answered 200, whatever becomes of the entries; in their order. */
    output: { Entries?: readonly { EventId?: string; ErrorCode?: string }[] };
  };
};
