import type { CallLimit, Refusal } from '../delivery/store-answers.ts';

/** The truth about deliveries that an application has inserted itself, as announcing needs it. */
export type AnnounceStore = {
  /**
   * Answers each delivery that there is, and notes of those that wait for their first message that they are about to have one.
   * Nothing of a row that is not committed. Safe to run twice. Rejects with StoreUnavailable.
   *
   * @param deliveryUuids lower case, distinct, at most MAX_ANNOUNCED
   */
  announceDeliveries(
    deliveryUuids: readonly string[],
    limit: CallLimit,
  ): Promise<{ found: AnnouncedDelivery[] } | { refusal: Refusal }>;
};

/** `waiting`: nobody has ever claimed it. `unnameable`: its id is beyond 2^53−1, and no message can name it. */
export type AnnouncedDelivery = { deliveryUuid: string } & (
  | { state: 'waiting'; deliveryId: number; organizationId: number; dueInSeconds: number; scheduledForMs: number }
  | { state: 'under_way' | 'over' | 'unnameable' }
);
