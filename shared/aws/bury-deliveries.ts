import { queries } from '../../sql/compiled.ts';
import type { BuriedDelivery, CallLimit } from '../delivery/delivery-store.ts';
import type { DataApi } from './data-api.ts';
import { readColumns } from './data-api-rows.ts';

/** The one statement that both deliver and the sweep make. */
export async function buryDeliveries(
  dataApi: DataApi,
  parameters: { page_rows: number; now: string | null },
  limit: CallLimit | undefined,
): Promise<BuriedDelivery[]> {
  const rows = await dataApi.execute(queries.buryDeliveries, parameters, limit);
  return rows.map((row) => {
    const columns = readColumns(row);
    return { deliveryId: columns.integer('id'), organizationId: columns.integer('organization_id') };
  });
}
