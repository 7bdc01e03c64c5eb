/** What the local twin needs to know of a synthesized stack, with every reference resolved. */
export type StackDescription = {
  stackName: string;
  /** Without the provider functions of custom resources, which only CloudFormation calls. */
  functions: StackFunction[];
  queues: StackQueue[];
  eventSourceMappings: StackEventSourceMapping[];
  rules: StackRule[];
  /** By name: the account's `default` one, and those of the template. */
  eventBuses: StackEventBus[];
  triggers: StackTrigger[];
  /** Undefined when the stack uses a database that it does not make. */
  database: StackDatabase | undefined;
  dashboards: StackDashboard[];
  alarms: StackAlarm[];
  permissions: StackPermissions;
  outputs: Record<string, string>;
  /** What of the template the twin does not run, in one sentence each that says what it means. */
  notices: readonly string[];
};

export type StackFunction = {
  logicalId: string;
  /** Physical name, at most 64 characters. */
  name: string;
  arn: string;
  /** e.g. `index.handler` */
  handler: string;
  /** e.g. `nodejs24.x` */
  runtime: string;
  memoryMb: number;
  timeoutSeconds: number;
  environment: Record<string, string>;
  /** Folder of the unpacked code asset, or of the file that inline code is written to. */
  codeFolder: string;
  /** Code that stands in the template itself. */
  inlineCode: string | undefined;
  /** Names by which it is invoked beside its own. */
  aliases: readonly string[];
  /** Undefined: no reservation. Zero: never runs. */
  reservedConcurrency: number | undefined;
  deadLetterTargetArn: string | undefined;
  roleLogicalId: string | undefined;
  logFormat: 'JSON' | 'Text';
  /** Where its log goes, e.g. `/aws/lambda/<name>`. */
  logGroup: string;
  /** `ApplicationLogLevel`; Lambda itself takes INFO when JSON is asked for without one. */
  logLevel: string | undefined;
  asynchronous: AsyncInvokeSettings;
};

/** Of AWS::Lambda::EventInvokeConfig, with Lambda's defaults. */
export type AsyncInvokeSettings = {
  /** 0-2 further attempts after a function error. */
  maximumRetryAttempts: number;
  /** 60-21600: an event older than this is given up. */
  maximumEventAgeSeconds: number;
  /** Where the record of a failed event goes. */
  onFailureArn: string | undefined;
};

export type StackQueue = {
  logicalId: string;
  /** Physical name, at most 80 characters. */
  name: string;
  arn: string;
  url: string;
  /** `Properties` as written, resolved; names as CloudFormation has them. */
  properties: Record<string, unknown>;
  visibilityTimeoutSeconds: number;
  messageRetentionSeconds: number;
  delaySeconds: number;
  receiveWaitSeconds: number;
  maximumMessageBytes: number;
  redrive: { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
};

export type StackEventSourceMapping = {
  logicalId: string;
  queueArn: string;
  functionName: string;
  batchSize: number;
  windowSeconds: number;
  reportsBatchItemFailures: boolean;
  /** Undefined: only the function's own concurrency limits it. */
  maximumConcurrency: number | undefined;
  enabled: boolean;
};

export type StackEventBus = { name: string; arn: string };

/** A rule of EventBridge: by time, by the events of a bus, or both. */
export type StackRule = {
  logicalId: string;
  ruleName: string;
  ruleArn: string;
  /** Of the bus that its pattern watches. */
  busName: string;
  /** Undefined without a schedule. */
  everyMs: number | undefined;
  /** Undefined without one; EventBridge takes it. */
  pattern: Readonly<Record<string, unknown>> | undefined;
  enabled: boolean;
  targets: StackRuleTarget[];
};

export type StackRuleTarget = {
  id: string;
  arn: string;
  to: { kind: 'function'; functionName: string } | { kind: 'queue' };
  input: TargetInput;
};

/** What a target gets: the event itself, always the same JSON, a part of the event, or a template with parts of it. */
export type TargetInput =
  | { kind: 'event' }
  | { kind: 'constant'; json: string }
  | { kind: 'path'; path: string }
  | { kind: 'template'; paths: Readonly<Record<string, string>>; template: string };

/** A function that a deployment invokes. */
export type StackTrigger = {
  logicalId: string;
  functionName: string;
  invocationType: 'RequestResponse' | 'Event' | 'DryRun';
  timeoutMs: number;
};

export type StackDatabase = {
  logicalId: string;
  resourceArn: string;
  clusterIdentifier: string;
  secretArn: string;
  secretName: string;
  /** Undefined: the engine's own, `postgres`. */
  databaseName: string | undefined;
  /** From the secret's template, e.g. `postgres`. */
  username: string;
  endpoint: string;
  port: number;
  /** Of a cluster with minimum capacity 0: it pauses after so long without a call. Undefined: it never does. */
  pausesAfterSeconds: number | undefined;
};

export type StackDashboard = { logicalId: string; name: string; body: unknown };

/** What a widget or an alarm asks for: a metric, or an expression of others by their ids. */
export type MetricQuery =
  | { kind: 'metric'; id: string | undefined; metric: MetricIdentity; stat: string }
  | { kind: 'expression'; id: string | undefined; expression: string };

/** What distinguishes metrics in CloudWatch. */
export type MetricIdentity = { namespace: string; name: string; dimensions: Readonly<Record<string, string>> };

export type Comparison =
  | 'GreaterThanThreshold'
  | 'GreaterThanOrEqualToThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

export type MissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

/** An alarm of the template, with every reference resolved. */
export type StackAlarm = {
  logicalId: string;
  name: string;
  arn: string;
  description: string;
  /** The metric it watches, and those that its expression may name. */
  watched: MetricQuery;
  queries: readonly MetricQuery[];
  /** The name of the watched metric, for people. */
  watches: string;
  periodMs: number;
  comparison: Comparison;
  threshold: number;
  /** It goes off when this many periods … */
  datapointsToAlarm: number;
  /** … out of this many most recent ones are over the threshold. */
  evaluationPeriods: number;
  missingData: MissingData;
};

export type StackPermissions = {
  roles: StackRole[];
  /** Of queues, secrets and functions; a resource may have several. */
  resourcePolicies: StackResourcePolicy[];
  triggerInvocations: StackTriggerInvocation[];
};

/** A policy as IAM takes it, with every reference resolved. */
export type NamedPolicy = { name: string; document: Record<string, unknown> };

export type StackRole = {
  logicalId: string;
  /** Physical name, at most 64 characters. */
  name: string;
  arn: string;
  /** Who may assume it. */
  trust: Record<string, unknown>;
  /** Inline, attached and managed ones alike. */
  policies: NamedPolicy[];
};

export type StackResourcePolicy = NamedPolicy & { resourceArn: string };

/** The provider of a trigger invokes a version of the function under its own role. */
type StackTriggerInvocation = { triggerLogicalId: string; roleLogicalId: string; functionArn: string };
