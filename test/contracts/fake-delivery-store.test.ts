// Real: nothing. The fake store in memory is held to the contract of the real one, which is what other suites trust it for.
import { beforeEach } from 'vitest';
import { ROWS_PER_LOOK, type StoreBench } from '../support/store/store-world.ts';
import { openFakeStore } from '../support/store/fake-store-world.ts';
import { storeContract } from './store-contract.ts';

let bench: StoreBench;

beforeEach(() => {
  bench = openFakeStore(ROWS_PER_LOOK);
});

storeContract(() => bench);
