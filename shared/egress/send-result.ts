/** What the sender saw. It never throws for anything a receiver or the network does. */
export type SendResult =
  /** The header block was complete; whatever the body did, the status decides. */
  | { kind: 'response'; status: number; retryAfter: string | undefined; date: string | undefined; excerpt: Uint8Array }
  /** No usable response. `detail` is fixed words, never text from outside. */
  | { kind: 'failed'; because: 'timeout' | 'dns' | 'connection' | 'tls' | 'protocol'; detail: string }
  /** Nothing left this process and nothing ever will for this request. */
  | { kind: 'refused'; because: 'blocked_address' | 'header'; detail: string }
  /** This process ran out of sockets or memory: ours, not the receiver's. */
  | { kind: 'exhausted'; detail: string };
