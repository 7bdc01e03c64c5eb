// What a million deliveries cost, out of the calls that the bench has counted.
import type { CostRow } from './idle-cost.ts';
import type { Prices } from './prices.ts';

/** Of one delivery. Calls by `service:operation`, as the bench counts them. */
export type Calls = Readonly<Record<string, number>>;

/** What a local stack cannot show. Each is measured elsewhere, or reckoned as the documents say. */
export type MillionFacts = {
  /** Seconds that AWS bills an invocation for. */
  enqueueSeconds: number;
  deliverSeconds: number;
  functionGb: number;
  /** Bytes of a delivery in the calls of the Data API that hold its body: accepting and claiming it. */
  bodyBytes: number;
  /** Bytes logged for an attempt and for an invocation. */
  logBytes: { attempt: number; invocation: number };
  /** Reads and writes of the storage for a delivery. */
  storageIos: number;
  /** Secrets that are read for a delivery with a credential: a process keeps each for ten seconds. */
  secretsRead: number;
};

const MILLION = 1e6;

/** US$ for a million deliveries of one attempt each, without and with credentials. What costs nothing has no row. */
export function costPerMillion(
  calls: Calls,
  prices: Prices,
  facts: MillionFacts,
): { rows: CostRow[]; withCredentials: CostRow } {
  const { sqs, dataApi, lambda, cloudWatch, aurora, secretsManager } = prices;
  const sqsCalls = sum(calls, (name) => name.startsWith('sqs:'));
  const units = dataApiUnits(calls, prices, facts);
  const invocations = invocationsOf(calls);
  const invoked = invocations.enqueue + invocations.deliver;
  const seconds = invocations.enqueue * facts.enqueueSeconds + invocations.deliver * facts.deliverSeconds;
  const logGb = ((facts.logBytes.attempt + invoked * facts.logBytes.invocation) * MILLION) / 1e9;
  const rows = [
    row('SQS', `${millions(sqsCalls)} × ${sqs.requestsMillion.toFixed(2)}/M`, sqsCalls * sqs.requestsMillion),
    row('Data API', `${millions(units)} × ${dataApi.callsMillion.toFixed(2)}/M`, units * dataApi.callsMillion),
    row(
      'Lambda requests',
      `${millions(invoked)} × ${lambda.requestsMillion.toFixed(2)}/M`,
      invoked * lambda.requestsMillion,
    ),
    row(
      'Lambda time',
      `${thousands(seconds * MILLION)} s × ${facts.functionGb} GB`,
      seconds * MILLION * facts.functionGb * lambda.gbSecond,
    ),
    row('Logs', `${logGb.toFixed(1)} GB × ${cloudWatch.logsGb.toFixed(2)}`, logGb * cloudWatch.logsGb),
    row(
      'Aurora I/O',
      `${millions(facts.storageIos)} × ${aurora.ioMillion.toFixed(2)}/M`,
      facts.storageIos * aurora.ioMillion,
    ),
  ];
  const reads = facts.secretsRead;
  return {
    rows: rows.filter(({ usd }) => usd > 0),
    withCredentials: row(
      'Secrets Manager',
      `${millions(reads)} × ${secretsManager.callsTenThousand.toFixed(2)} for 10,000`,
      ((reads * MILLION) / 10_000) * secretsManager.callsTenThousand,
    ),
  };
}

/**
 * Of the two functions. Deliver runs once for each batch that the poller deletes; a poll that finds nothing runs nothing.
 */
function invocationsOf(calls: Calls): { enqueue: number; deliver: number } {
  return { enqueue: calls['lambda:Invoke'] ?? 0, deliver: calls['sqs:DeleteMessageBatch'] ?? 0 };
}

/** A call counts once for each 32 KiB: those that hold many bodies count more than once. */
function dataApiUnits(calls: Calls, { dataApi }: Prices, { bodyBytes }: MillionFacts): number {
  const { enqueue, deliver } = invocationsOf(calls);
  const statements = sum(calls, (name) => name.startsWith('rds-data:'));
  const furtherUnits = (callsOfKind: number): number =>
    callsOfKind === 0 ? 0 : callsOfKind * (Math.ceil(bodyBytes / callsOfKind / dataApi.callBytes) - 1);
  return statements + furtherUnits(enqueue) + furtherUnits(deliver);
}

function row(what: string, how: string, usd: number): CostRow {
  return { what, how, usd };
}

function sum(calls: Calls, isCounted: (name: string) => boolean): number {
  return Object.entries(calls).reduce((total, [name, count]) => total + (isCounted(name) ? count : 0), 0);
}

function millions(perDelivery: number): string {
  return `${perDelivery.toFixed(2)} M`;
}

function thousands(figure: number): string {
  return Math.round(figure).toLocaleString('en-US');
}
