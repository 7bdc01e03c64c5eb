import type { WaitHeaders } from '../delivery/retry-after.ts';

/** What the sender saw. It never throws for anything a receiver or the network does. */
export type SendResult =
  /** The header block was complete; whatever the body did, the status decides. */
  | ({
      kind: 'response';
      status: number;
      excerpt: Uint8Array;
      /** The header by which a receiver may end the retries. */
      webhookDelivery?: string | undefined;
      /** Where a redirect leads, as the receiver wrote it. */
      location?: string | undefined;
    } & WaitHeaders)
  /**
   * No usable response. `detail` is fixed words, never text from outside. `blocked_address` is what a name resolves to today:
   * its resolver may be fixed tomorrow, so it is no reason to give up.
   */
  | {
      kind: 'failed';
      because: 'timeout' | 'dns' | 'connection' | 'tls' | 'protocol' | 'blocked_address';
      detail: string;
      /** Of a timeout: it came before there was a connection. */
      isUnconnected?: true;
    }
  /** Nothing was sent, and nothing ever will be for this request: its URL, the address in it or a header is at fault. */
  | { kind: 'refused'; because: 'invalid_row' | 'blocked_address' | 'header'; detail: string }
  /** This process ran out of sockets or memory, or could not ask its resolver: an internal fault, not the receiver's. */
  | { kind: 'exhausted'; detail: string };
