// `npm run costs`: what idle stacks cost, out of their templates, into docs/deploy.md. No account and no network are asked.
import { readFileSync, writeFileSync } from 'node:fs';
import { placed } from './document.ts';
import { idleCostTable } from './idle-cost-table.ts';
import { IDLE_FACTS, idleStacks } from './idle-stacks.ts';

const page = new URL('../docs/deploy.md', import.meta.url);
writeFileSync(
  page,
  placed(readFileSync(page, 'utf8'), { name: 'idle', text: idleCostTable(idleStacks(), IDLE_FACTS) }),
);
