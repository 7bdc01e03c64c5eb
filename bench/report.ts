import { availableParallelism, cpus, totalmem } from 'node:os';
import type { ColdStart } from './cold-starts.ts';
import type { Latency, Percentiles, SlowEndpoint } from './latency.ts';
import { type StatementCost, statementTable } from './statement-cost.ts';
import { table } from './table.ts';
import type { Sending } from './sending.ts';
import type { Throughput } from './throughput.ts';

/** What was measured of what the bench can measure. */
export type BenchResults = {
  machine: Machine;
  /** Day of the measurement, UTC. */
  date: string;
  /** Processes that ran or waited for a processor in the minute before: what others did on the machine. */
  loadBefore: number;
  start: { firstSeconds: number; secondSeconds: number };
  throughput: Throughput[];
  latency?: Latency;
  slowEndpoint?: SlowEndpoint;
  coldStarts?: ColdStart[];
  statements?: StatementCost[];
  sending?: Sending[];
};

export type Machine = {
  processors: number;
  processor: string;
  memoryGb: number;
  platform: string;
  node: string;
};

export function thisMachine(): Machine {
  return {
    processors: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** The results as tables for a terminal. */
export function tablesOf(results: BenchResults): string {
  const { machine, date, loadBefore, start, coldStarts = [], statements = [], throughput, sending = [] } = results;
  const processes = namesIn(throughput.map(({ cost }) => cost.processorSecondsPer1000 ?? {}));
  return [
    `${machine.processors} processors (${machine.processor}), ${machine.memoryGb} GB, ${machine.platform}, Node ${machine.node}; ${date}, load before ${loadBefore.toFixed(1)}`,
    `start to ready: first ${start.firstSeconds.toFixed(1)} s, second ${start.secondSeconds.toFixed(1)} s`,
    table(
      ['throughput', 'deliveries', 'runs, s', 'per second', 'connections'],
      throughput.map(({ scenario, deliveries, seconds, deliveriesPerSecond, connections }) => [
        scenario,
        String(deliveries),
        seconds.map((second) => second.toFixed(2)).join(' '),
        deliveriesPerSecond.toFixed(0),
        String(connections),
      ]),
    ),
    table(
      ['processor seconds per 1,000', ...processes, 'in all'],
      throughput.map(({ scenario, cost: { processorSecondsPer1000: seconds } }) => [
        scenario,
        ...processes.map((name) => (seconds === undefined ? 'n/a' : (seconds[name] ?? 0).toFixed(2))),
        seconds === undefined ? 'n/a' : sum(Object.values(seconds)).toFixed(2),
      ]),
    ),
    callsTable(throughput),
    statementTable(statements),
    table(
      ['sending, 10 at once', 'requests', 'connections', 'resumed', 'processor s per 1,000', 'ms for 1,000'],
      sending.map(({ scenario, requests, connections, resumed, processorSecondsPer1000, msPer1000 }) => [
        scenario,
        String(requests),
        String(connections),
        String(resumed),
        processorSecondsPer1000.toFixed(2),
        msPer1000.toFixed(0),
      ]),
    ),
    table(['latency, ms', 'p50', 'p95', 'p99', 'max'], latencyRows(results)),
    table(
      ['cold start', 'bundle, KB', 'load, ms', 'processor, ms'],
      coldStarts.map(({ functionName, bundleBytes, loadMs, processorMs }) => [
        functionName,
        (bundleBytes / 1000).toFixed(0),
        loadMs.toFixed(0),
        processorMs.toFixed(0),
      ]),
    ),
  ]
    .filter((text) => text.split('\n').length !== 2)
    .join('\n\n');
}

function latencyRows({ latency, slowEndpoint }: BenchResults): string[][] {
  return [
    ...(latency === undefined
      ? []
      : [
          [`request to receipt, ${latency.scenario}`, ...cells(latency.fromRequestMs)],
          [`answer to receipt, ${latency.scenario}`, ...cells(latency.fromAnswerMs)],
          ['requests sent late', ...cells(latency.sentLateMs)],
        ]),
    ...(slowEndpoint === undefined
      ? []
      : [[`quick endpoints beside a slow one, ${slowEndpoint.deliveries} at once`, ...cells(slowEndpoint.quickMs)]]),
  ];
}

function callsTable(throughput: readonly Throughput[]): string {
  const operations = namesIn(throughput.map(({ cost }) => cost.apiCallsPerDelivery));
  return table(
    ['calls per delivery', ...throughput.map(({ scenario }) => scenario)],
    operations.map((name) => [name, ...throughput.map(({ cost }) => (cost.apiCallsPerDelivery[name] ?? 0).toFixed(3))]),
  );
}

function namesIn(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
}

function cells({ p50, p95, p99, max }: Percentiles): string[] {
  return [p50, p95, p99, max].map((value) => value.toFixed(0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
