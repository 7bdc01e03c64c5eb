// What docs/deploy.md says an idle stack costs. Real: the page, the stack's templates, the price table. No doubles.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { idleCost, totalOf } from '../../bench/idle-cost.ts';
import { placed } from '../../bench/document.ts';
import { idleCostTable, type IdleStacks } from '../../bench/idle-cost-table.ts';
import { IDLE_FACTS, idleStacks } from '../../bench/idle-stacks.ts';
import { PRICES } from '../../bench/prices.ts';

const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
let stacks: IdleStacks;
beforeAll(() => {
  stacks = idleStacks();
});

test('the page says what the template and the prices make of it: npm run costs', () => {
  expect(placed(page, { name: 'idle', text: idleCostTable(stacks, IDLE_FACTS) })).toBe(page);
});

test('a stack that sleeps costs at most US$8 a month, and its database at most one', () => {
  const rows = idleCost(stacks.asleep, PRICES, IDLE_FACTS);
  expect(totalOf(rows)).toBeLessThanOrEqual(8);
  expect(totalOf(rows.filter(({ what }) => what.startsWith('Aurora')))).toBeLessThanOrEqual(1);
});
