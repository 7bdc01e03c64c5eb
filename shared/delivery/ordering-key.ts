/** What deliveries have in common that are attempted one after the other, in the order of their commits. */
export type OrderingKey = { organizationId: number; orderingKey: string };

/** The first one left of its key, which nothing but its due time keeps from being attempted. */
export type NextDelivery = OrderingKey & { deliveryId: number; attempt: number; delaySeconds: number };
