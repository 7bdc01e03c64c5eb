// What AWS asks for what the product uses, in one place: the bench, the tests and the tables of the documents count with these figures.

/** US$ before tax and without free tiers, of the region below, as the vendor's pages listed them on the day below. */
export const PRICES = {
  asOf: '2026-11-27',
  region: 'us-east-1',
  /** https://aws.amazon.com/rds/aurora/pricing/ */
  aurora: { acuHour: 0.12, storageGbMonth: 0.1, ioMillion: 0.2 },
  /** The same page. A call is counted for each 32 KiB of what it is sent and answers. */
  dataApi: { callsMillion: 0.35, callBytes: 32 * 1024 },
  /** https://aws.amazon.com/lambda/pricing/ of arm64. */
  lambda: { requestsMillion: 0.2, gbSecond: 0.0000133334 },
  /** https://aws.amazon.com/sqs/pricing/ of standard queues. A request is counted for each 64 KiB of its payload. */
  sqs: { requestsMillion: 0.4, requestBytes: 64 * 1024 },
  /** https://aws.amazon.com/cloudwatch/pricing/ An alarm costs for each metric that it looks at, a metric for each hour in which it is reported. */
  cloudWatch: { alarmMetricMonth: 0.1, metricMonth: 0.3, dashboardMonth: 3, logsGb: 0.5, logsStoredGbMonth: 0.03 },
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretsManager: { secretMonth: 0.4, callsTenThousand: 0.05 },
  /** https://aws.amazon.com/eventbridge/pricing/ Rules, schedules among them, cost nothing. */
  eventBridge: { eventsMillion: 1 },
  /** https://aws.amazon.com/kms/pricing/ */
  kms: { keyMonth: 1, callsTenThousand: 0.03 },
  /** https://aws.amazon.com/vpc/pricing/ */
  network: { natGatewayHour: 0.045, natGb: 0.045, publicIpv4Hour: 0.005 },
  /** https://aws.amazon.com/ec2/pricing/on-demand/ */
  dataOutGb: 0.09,
  /** https://aws.amazon.com/xray/pricing/ */
  xray: { tracesMillion: 5 },
} as const;

export type Prices = typeof PRICES;

/** As AWS counts a month. */
export const HOURS_A_MONTH = 730;
