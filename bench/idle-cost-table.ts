// The table of docs/deploy.md that says what idle stacks cost: `npm run costs` writes it, and a test compares.
import { awakeSeconds, type CostRow, idleCost, type IdleFacts, money, type Template, totalOf } from './idle-cost.ts';
import { HOURS_A_MONTH, PRICES } from './prices.ts';

/** Of the stack as it is, and of one whose database sleeps. */
export type IdleStacks = { usual: Template; asleep: Template };

/** The rows of both, side by side: what costs the same in both stands there once. */
export function idleCostTable({ usual, asleep }: IdleStacks, facts: IdleFacts): string {
  const [first, second] = [usual, asleep].map((template) => idleCost(template, PRICES, facts));
  const rows = (first ?? []).map((row) => {
    const other = second?.find(({ what }) => what === row.what) ?? { ...row, usd: 0 };
    return line([row.what, howOf(row, other), money(row.usd), money(other.usd)]);
  });
  const totals = line(['', '', bold(totalOf(first ?? [])), bold(totalOf(second ?? []))]);
  return [
    line(['', '', 'as it is', '`minCapacity: 0`']),
    '|---|---|---|---|',
    ...rows,
    totals,
    '',
    `List prices of ${PRICES.region}, ${PRICES.asOf}, before tax, free tiers left out. Figures are rounded.`,
    '',
    hourly(asleep, facts),
  ].join('\n');
}

/** What a webhook now and then costs by waking the database: what sleeping is worth to a stack that is not idle. */
function hourly(asleep: Template, facts: IdleFacts): string {
  const rows = idleCost(asleep, PRICES, { ...facts, webhooksAMonth: HOURS_A_MONTH });
  const aurora = rows.find(({ what }) => what === 'Aurora Serverless v2');
  return `With one webhook an hour, delivered at once, a stack with \`minCapacity: 0\` costs **${money(totalOf(rows))}**: ${money(aurora?.usd ?? 0)} for the database (${aurora?.how ?? ''}), and the sweep's metrics as of one that is awake. Webhooks closer together than ${Math.round(awakeSeconds(asleep, facts) / 60)} minutes keep it awake all the time, for what the stack costs as it is and never more.`;
}

function howOf(row: CostRow, other: CostRow): string {
  return row.how === other.how ? row.how : `${row.how}; asleep: ${other.how}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function bold(usd: number): string {
  return `**${money(usd)}**`;
}
