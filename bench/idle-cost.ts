// What a stack costs for a month in which nobody hands over a webhook, or one now and then, out of the template that would be deployed.
import { HOURS_A_MONTH, type Prices } from './prices.ts';

/** One line of the bill: what it is, how it is reckoned, US$ a month. */
export type CostRow = { what: string; how: string; usd: number };

type Resource = { Type: string; Properties?: Readonly<Record<string, unknown>> };
export type Template = { Resources: Readonly<Record<string, Resource>> };

/** What the template does not say. Each is measured, or named by the test that holds it. */
export type IdleFacts = {
  /** Metrics that each sweep reports, and those that one leaves out which finds nothing pending in a database that sleeps. */
  metrics: { everySweep: number; asking: number };
  /** Seconds a sweep takes, and bytes it logs, platform's lines included. */
  sweep: { seconds: number; logBytes: number };
  /** How long a database takes to wake, seconds. */
  wakesInSeconds: number;
  /** For how long sweeps go on asking it after a webhook that was delivered at once, seconds. */
  askedOnSeconds: number;
  /** Webhooks that come one by one, evenly. What they cost themselves, beside the database that they wake, is left out. Default: none. */
  webhooksAMonth?: number;
  /** Of a database without deliveries. */
  databaseGb: number;
};

/** Lambda's long polls of an idle queue: so many pollers for each event source, as measured by others. */
const POLLERS = 5;
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;
/** Capacity of a cluster that has just woken and has little to do, ACU. */
const AWAKE_ACU = 0.5;

/** Every resource of the template that costs while nothing happens. What costs nothing has no row. */
export function idleCost(template: Template, prices: Prices, facts: IdleFacts): CostRow[] {
  const stack = readTemplate(template);
  return [
    ...databaseRows(stack, prices, facts),
    ...watchingRows(stack, prices, facts),
    ...runningRows(stack, prices, facts),
    ...keptRows(stack, prices),
  ].filter(({ usd }) => usd > 0);
}

export function totalOf(rows: readonly CostRow[]): number {
  return rows.reduce((sum, { usd }) => sum + usd, 0);
}

type Stack = {
  ofType(type: string): Readonly<Record<string, unknown>>[];
  /** Runs of a rule a month, of all those that run the sweep with an event of their own or without one. */
  runs: { usual: number; asking: number };
};

function readTemplate({ Resources }: Template): Stack {
  const ofType = (type: string) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties = {} }) => Properties);
  const rules = ofType('AWS::Events::Rule').map((rule) => ({
    runs: SECONDS_A_MONTH / everySeconds(String(rule['ScheduleExpression'])),
    isAsking: list(rule['Targets']).some((target) => 'Input' in record(target)),
  }));
  const sum = (chosen: typeof rules): number => chosen.reduce((total, { runs }) => total + runs, 0);
  return {
    ofType,
    runs: {
      usual: sum(rules.filter(({ isAsking }) => !isAsking)),
      asking: sum(rules.filter(({ isAsking }) => isAsking)),
    },
  };
}

/** `rate(5 minutes)` in seconds. Throws for any other expression. */
function everySeconds(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const seconds = { minute: 60, hour: 3600, day: 86_400 }[unit ?? ''];
  if (seconds === undefined) throw new Error(`no rate: ${expression}`);
  return Number(count) * seconds;
}

/** For how long a single webhook keeps a database awake that sleeps otherwise, seconds. */
export function awakeSeconds(template: Template, { wakesInSeconds, askedOnSeconds }: IdleFacts): number {
  const [rests = 0] = readTemplate(template).ofType('AWS::RDS::DBCluster').map(restsAfterSeconds);
  return wakesInSeconds + askedOnSeconds + rests;
}

/** A cluster with minimum capacity 0 pauses after so long without a call. */
function restsAfterSeconds(cluster: Readonly<Record<string, unknown>>): number {
  const scaling = record(cluster['ServerlessV2ScalingConfiguration']);
  return Number(scaling['SecondsUntilAutoPause'] ?? 300);
}

function databaseRows({ ofType, runs }: Stack, { aurora }: Prices, facts: IdleFacts): CostRow[] {
  const instances = ofType('AWS::RDS::DBInstance').length;
  return ofType('AWS::RDS::DBCluster').flatMap((cluster) => {
    const scaling = record(cluster['ServerlessV2ScalingConfiguration']);
    const least = Number(scaling['MinCapacity']);
    const rests = restsAfterSeconds(cluster);
    const times = instances === 1 ? '' : `${instances} instances × `;
    const pauses = least === 0 && runs.asking > 0;
    const { wakesInSeconds, askedOnSeconds, webhooksAMonth = 0 } = facts;
    const looksSeconds = runs.asking * (wakesInSeconds + rests);
    const webhooksSeconds = webhooksAMonth * (wakesInSeconds + askedOnSeconds + rests);
    const awake = pauses ? Math.min((looksSeconds + webhooksSeconds) / 3600, HOURS_A_MONTH) : HOURS_A_MONTH;
    const acu = Math.max(least, AWAKE_ACU);
    const isOnlyLooked = pauses && webhooksAMonth === 0;
    const hours = isOnlyLooked
      ? `woken ${round(runs.asking)} times for ${wakesInSeconds + rests} s`
      : `${round(awake)} h`;
    return [
      {
        what: 'Aurora Serverless v2',
        how: `${times}${acu} ACU × ${hours} × ${aurora.acuHour} an hour`,
        usd: instances * acu * awake * aurora.acuHour,
      },
      {
        what: 'Aurora storage',
        how: `${facts.databaseGb} GB × ${aurora.storageGbMonth}`,
        usd: facts.databaseGb * aurora.storageGbMonth,
      },
    ];
  });
}

function watchingRows({ ofType, runs }: Stack, { cloudWatch }: Prices, facts: IdleFacts): CostRow[] {
  const { metrics, webhooksAMonth = 0 } = facts;
  const alarms = ofType('AWS::CloudWatch::Alarm');
  const looked = alarms.reduce((sum, alarm) => sum + metricsOf(alarm), 0);
  const dashboards = ofType('AWS::CloudWatch::Dashboard').length;
  // A look that finds nothing pending says nothing of states; of a metric each hour is paid for in which it is reported.
  const shareOfHours = runs.asking > 0 ? Math.min(webhooksAMonth / HOURS_A_MONTH, 1) : 1;
  const reported = metrics.everySweep + metrics.asking * shareOfHours;
  return [
    {
      what: 'Alarms',
      how: `${alarms.length} alarms over ${looked} metrics × ${money(cloudWatch.alarmMetricMonth)}`,
      usd: looked * cloudWatch.alarmMetricMonth,
    },
    {
      what: 'Own metrics',
      how: `${round(reported, 1)} that the sweep reports × ${money(cloudWatch.metricMonth)}`,
      usd: reported * cloudWatch.metricMonth,
    },
    {
      what: 'Dashboard',
      how: "beyond the account's first three",
      usd: dashboards * cloudWatch.dashboardMonth,
    },
  ];
}

/** An alarm over an expression costs for each metric that goes into it. */
function metricsOf(alarm: Readonly<Record<string, unknown>>): number {
  if (!('Metrics' in alarm)) return 1;
  return list(alarm['Metrics']).filter((metric) => 'MetricStat' in record(metric)).length;
}

function runningRows({ ofType, runs }: Stack, prices: Prices, { sweep }: IdleFacts): CostRow[] {
  const { sqs, lambda, cloudWatch } = prices;
  const sources = ofType('AWS::Lambda::EventSourceMapping').length;
  // Queues that are polled answer an empty poll after this time.
  const waits = Math.max(
    ...ofType('AWS::SQS::Queue').map((queue) => Number(queue['ReceiveMessageWaitTimeSeconds'] ?? 0)),
  );
  const polls = sources === 0 ? 0 : sources * POLLERS * (SECONDS_A_MONTH / waits);
  const sweeps = runs.usual + runs.asking;
  const memory = ofType('AWS::Lambda::Function').find(({ Description }) =>
    /finds deliveries/.test(String(Description)),
  );
  const gb = Number(memory?.['MemorySize'] ?? 0) / 1024;
  const gbSeconds = sweeps * sweep.seconds * gb;
  const logGb = (sweeps * sweep.logBytes) / 1e9;
  return [
    {
      what: 'SQS',
      how: `${sources} queues × ${POLLERS} pollers × a poll in ${waits} s = ${round(polls / 1e6, 2)} M × ${money(sqs.requestsMillion)}/M`,
      usd: (polls / 1e6) * sqs.requestsMillion,
    },
    {
      what: 'Lambda',
      how: `${round(sweeps)} sweeps × ${sweep.seconds} s × ${gb} GB`,
      usd: gbSeconds * lambda.gbSecond + (sweeps / 1e6) * lambda.requestsMillion,
    },
    {
      what: 'Logs',
      how: `${round(sweeps)} sweeps × ${sweep.logBytes / 1000} KB × ${money(cloudWatch.logsGb)}/GB`,
      usd: logGb * (cloudWatch.logsGb + cloudWatch.logsStoredGbMonth),
    },
  ];
}

function keptRows({ ofType }: Stack, { secretsManager, kms, network }: Prices): CostRow[] {
  const secrets = ofType('AWS::SecretsManager::Secret').length;
  const keys = ofType('AWS::KMS::Key').length;
  const gateways = ofType('AWS::EC2::NatGateway').length;
  const addresses = ofType('AWS::EC2::EIP').length;
  return [
    {
      what: 'Secret',
      how: `the database's, ${money(secretsManager.secretMonth)}`,
      usd: secrets * secretsManager.secretMonth,
    },
    { what: 'Keys', how: `${keys} × ${money(kms.keyMonth)}`, usd: keys * kms.keyMonth },
    {
      what: 'NAT gateways',
      how: `${gateways} × ${HOURS_A_MONTH} h × ${network.natGatewayHour}, and ${addresses} addresses × ${network.publicIpv4Hour}`,
      usd: HOURS_A_MONTH * (gateways * network.natGatewayHour + addresses * network.publicIpv4Hour),
    },
  ];
}

/** As the documents write it. */
export function money(usd: number): string {
  return usd.toFixed(2);
}

function round(figure: number, digits = 0): string {
  return figure.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
