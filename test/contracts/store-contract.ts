import type { StoreBench } from '../support/store/store-world.ts';
import { acceptContract } from './accept-contract.ts';
import { announceContract } from './announce-contract.ts';
import { endpointLimitsContract } from './endpoint-limits-contract.ts';
import { endpointOrdersContract } from './endpoint-orders-contract.ts';
import { endpointContract } from './endpoint-contract.ts';
import { endpointNewsContract } from './endpoint-news-contract.ts';
import { claimContract } from './claim-contract.ts';
import { leaseContract } from './lease-contract.ts';
import { lateSuccessContract } from './late-success-contract.ts';
import { releaseContract } from './release-contract.ts';
import { endingOrdersContract } from './ending-orders-contract.ts';
import { orderingContract } from './ordering-contract.ts';
import { outcomesContract } from './outcomes-contract.ts';
import { ordersContract } from './orders-contract.ts';
import { oneRowContract } from './one-row-contract.ts';
import { settleContract } from './settle-contract.ts';
import { sweepContract } from './sweep-contract.ts';
import { whatIsLeftContract } from './what-is-left-contract.ts';

/**
 * Everything the delivery protocol asks of a store. A fake is trusted because it passes this; the real one is held to it
 * on PostgreSQL. `bench` answers an empty store in each test.
 */
export function storeContract(bench: () => StoreBench): void {
  acceptContract(bench);
  announceContract(bench);
  claimContract(bench);
  leaseContract(bench);
  settleContract(bench);
  lateSuccessContract(bench);
  releaseContract(bench);
  oneRowContract(bench);
  sweepContract(bench);
  whatIsLeftContract(bench);
  endpointContract(bench);
  endpointNewsContract(bench);
  endpointLimitsContract(bench);
  endpointOrdersContract(bench);
  ordersContract(bench);
  endingOrdersContract(bench);
  outcomesContract(bench);
  orderingContract(bench);
}
