// The tables of docs/benchmarks.md and docs/deploy.md that come out of a run of the bench. `npm run bench:document` writes them.
import { costPerMillion, type MillionFacts } from './cost-per-million.ts';
import type { CostRow } from './idle-cost.ts';
import { PRICES } from './prices.ts';
import type { BenchResults } from './report.ts';
import type { Throughput } from './throughput.ts';

/** Bytes are those of the measured webhooks; the other figures are reckoned, and docs/deploy.md says how. */
const FACTS: MillionFacts = {
  enqueueSeconds: 0.1,
  deliverSeconds: 0.3,
  functionGb: 0.5,
  bodyBytes: 1_400,
  logBytes: { attempt: 1_500, invocation: 2_000 },
  storageIos: 10,
  secretsRead: 1,
};
/** In tens: ten attempts at once take longer than one, and a process reads a secret for ten deliveries. */
const FACTS_IN_TENS: MillionFacts = { ...FACTS, enqueueSeconds: 0.2, deliverSeconds: 1, secretsRead: 0.1 };

/** A section between two comments of a document. */
export type Section = { document: string; name: string; text: string };

/** All sections that are made from a run. */
export function sectionsOf(results: BenchResults): Section[] {
  return [
    { document: 'docs/benchmarks.md', name: 'run', text: runSection(results) },
    { document: 'docs/deploy.md', name: 'million', text: millionSection(results) },
  ];
}

/** Puts a section into its document. Throws where the document has no place for it. */
export function placed(document: string, { name, text }: Pick<Section, 'name' | 'text'>): string {
  const [begin, end] = [`<!-- bench:${name} -->\n`, `<!-- /bench:${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`no place for the section ${name}`);
  return `${document.slice(0, from + begin.length)}\n${text}\n\n${document.slice(to)}`;
}

function runSection(results: BenchResults): string {
  const { machine, date, loadBefore, start, throughput, latency, slowEndpoint, coldStarts = [] } = results;
  const { processors, processor, memoryGb, node } = machine;
  return [
    `${date}, ${processors} processors (${processor}), ${memoryGb} GiB, Node ${node.slice(1)}, load of the minute before ${loadBefore.toFixed(1)}. Of several runs the one in the middle.`,
    throughputTable(throughput),
    callsTable(throughput),
    latency === undefined
      ? undefined
      : `Latency at ${latency.scenario.replace(', singly', ', one webhook a request')}: from the request to the receipt p50 ${ms(latency.fromRequestMs.p50)}, p95 ${ms(latency.fromRequestMs.p95)}, p99 ${ms(latency.fromRequestMs.p99)}; from the answer p50 ${ms(latency.fromAnswerMs.p50)}, p99 ${ms(latency.fromAnswerMs.p99)}; requests sent late by p99 ${ms(latency.sentLateMs.p99)}.`,
    slowEndpoint === undefined
      ? undefined
      : `One slow endpoint in ten: the other nine p50 ${seconds(slowEndpoint.quickMs.p50)}, p95 ${seconds(slowEndpoint.quickMs.p95)}.`,
    coldStarts.length === 0
      ? undefined
      : markdown(
          ['bundle', 'bytes', 'load, ms'],
          coldStarts.map(({ functionName, bundleBytes, loadMs }) => [
            functionName,
            bundleBytes.toLocaleString('en-US'),
            loadMs.toFixed(0),
          ]),
        ),
    `Start to ready: first ${start.firstSeconds.toFixed(1)} s, second ${start.secondSeconds.toFixed(1)} s.`,
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

function throughputTable(throughput: readonly Throughput[]): string {
  return markdown(
    [
      'scenario',
      'webhooks',
      'per second',
      'processor s per 1,000',
      'local AWS',
      'postgres',
      'enqueue',
      'deliver',
      'connections',
    ],
    throughput.map(
      ({ scenario, deliveries, deliveriesPerSecond, connections, cost: { processorSecondsPer1000: used } }) => {
        const of = (name: string): string => (used === undefined ? 'n/a' : (used[name] ?? 0).toFixed(2));
        const all =
          used === undefined
            ? 'n/a'
            : Object.values(used)
                .reduce((sum, one) => sum + one, 0)
                .toFixed(1);
        return [
          scenario,
          deliveries.toLocaleString('en-US'),
          deliveriesPerSecond.toFixed(0),
          all,
          of('main'),
          of('postgres'),
          of('enqueue'),
          of('deliver'),
          String(connections),
        ];
      },
    ),
  );
}

function callsTable(throughput: readonly Throughput[]): string {
  const names = [...new Set(throughput.flatMap(({ cost }) => Object.keys(cost.apiCallsPerDelivery)))].toSorted();
  return markdown(
    ['calls per webhook', ...names],
    throughput.map(({ scenario, cost }) => [
      scenario,
      ...names.map((name) => (cost.apiCallsPerDelivery[name] ?? 0).toFixed(3)),
    ]),
  );
}

function millionSection({ throughput, date }: BenchResults): string {
  const reckoned = [
    { scenario: 'live, batches', name: 'in batches', facts: FACTS_IN_TENS },
    { scenario: 'live, singly', name: 'singly', facts: FACTS },
  ].flatMap(({ scenario, name, facts }) => {
    const measured = throughput.find((one) => one.scenario === scenario);
    return measured === undefined
      ? []
      : [{ name, ...costPerMillion(measured.cost.apiCallsPerDelivery, PRICES, facts) }];
  });
  const whats = [...new Set(reckoned.flatMap(({ rows }) => rows.map(({ what }) => what)))];
  const cell = (row: CostRow | undefined): string => (row === undefined ? '' : `${row.how} = ${row.usd.toFixed(2)}`);
  const total = (rows: readonly CostRow[]): number => rows.reduce((sum, { usd }) => sum + usd, 0);
  return [
    `By the calls that \`npm run bench\` counted on ${date}, at the list prices of ${PRICES.asOf} in ${PRICES.region}, for a million webhooks of 1 KiB:`,
    markdown(
      ['', ...reckoned.map(({ name }) => name)],
      [
        ...whats.map((what) => [what, ...reckoned.map(({ rows }) => cell(rows.find((row) => row.what === what)))]),
        ['**without credentials**', ...reckoned.map(({ rows }) => `**${total(rows).toFixed(2)}**`)],
        ['Secrets Manager', ...reckoned.map(({ withCredentials }) => cell(withCredentials))],
        [
          '**with credentials**',
          ...reckoned.map(({ rows, withCredentials }) => `**${(total(rows) + withCredentials.usd).toFixed(2)}**`),
        ],
      ],
    ),
  ].join('\n\n');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
