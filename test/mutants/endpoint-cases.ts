import { casesOf } from '../contracts/contract-runner.ts';
import { endpointContract } from '../contracts/endpoint-contract.ts';
import { endpointLimitsContract } from '../contracts/endpoint-limits-contract.ts';
import { endpointNewsContract } from '../contracts/endpoint-news-contract.ts';
import type { StoreBench } from '../support/store/store-world.ts';

/** Every case about endpoints that a mutant may name. */
export function endpointCases(bench: () => StoreBench): ReadonlyMap<string, () => void | Promise<void>> {
  return casesOf(() => {
    endpointContract(bench);
    endpointLimitsContract(bench);
    endpointNewsContract(bench);
  });
}
