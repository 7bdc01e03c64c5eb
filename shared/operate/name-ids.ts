import type { OrderStore, RefusedDelivery } from './order-store.ts';
import type { Selection } from './selection.ts';

/** A selection that names deliveries, all of them by id; those that are not known are refused. Any other stays as it is. */
export async function nameIds(store: Pick<OrderStore, 'findNamed'>, selection: Selection) {
  const { deliveryIds = [], deliveryUuids = [], ...others } = selection;
  if (selection.deliveryIds === undefined && selection.deliveryUuids === undefined) {
    return { selection, unknown: [] };
  }
  const found = await store.findNamed({ deliveryIds, deliveryUuids });
  const uuids = new Set(found.map(({ deliveryUuid }) => deliveryUuid));
  const ids = new Set(found.map(({ deliveryId }) => deliveryId));
  const unknown: RefusedDelivery[] = [
    ...deliveryIds.filter((id) => !ids.has(id)).map((id) => ({ delivery_id: id, because: 'unknown' })),
    ...deliveryUuids.filter((uuid) => !uuids.has(uuid)).map((uuid) => ({ delivery_uuid: uuid, because: 'unknown' })),
  ];
  return { selection: { ...others, deliveryIds: [...ids] }, unknown };
}
