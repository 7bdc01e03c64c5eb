import { CfnCondition, Fn, Stack, Token } from 'aws-cdk-lib';
import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** A page of the AWS console in the account the stack is deployed to. */
export type ConsoleLink = {
  label: string;
  url: string;
  /** The most characters the URL can have once CloudFormation has replaced the template's references by names. */
  longestUrl: number;
};

/** Literal text, or a reference with the most characters its value can have. */
type Part = string | { reference: string; atMost: number };

/** Characters of the longest names that AWS gives or accepts. Regions and domains have room to grow: today 14 and 16. */
const LONGEST = {
  region: 20,
  urlSuffix: 24,
  account: 12,
  function: 64,
  queue: 80,
  cluster: 63,
  dashboard: 255,
  stack: 128,
};
/** What CloudFormation adds to the stack name and logical id in a generated name: two hyphens and twelve characters. */
const GENERATED_CHARACTERS = 14;

const CONSOLE_DOMAIN = 'console.aws.amazon.com';
/** Partitions whose console has its own domain. In any other partition a link may be wrong, but the stack deploys. */
const OTHER_DOMAINS = [
  { condition: 'InChina', partition: 'aws-cn', domain: 'console.amazonaws.cn' },
  { condition: 'InGovCloud', partition: 'aws-us-gov', domain: 'console.amazonaws-us-gov.com' },
];
const LONGEST_DOMAIN = Math.max(CONSOLE_DOMAIN.length, ...OTHER_DOMAINS.map(({ domain }) => domain.length));

/** Links into the console of the stack's region and partition, even if these are known only when it is deployed. */
export class ConsoleLinks {
  readonly #stack: Stack;
  readonly #origin: Part[];
  readonly #region: Part;

  constructor(scope: Construct) {
    this.#stack = Stack.of(scope);
    this.#region = { reference: this.#stack.region, atMost: LONGEST.region };
    const domain = { reference: consoleDomain(scope, this.#stack.partition), atMost: LONGEST_DOMAIN };
    this.#origin = ['https://', this.#region, '.', domain];
  }

  function(label: string, lambdaFunction: LambdaFunction): ConsoleLink {
    const name = { reference: lambdaFunction.functionName, atMost: LONGEST.function };
    return this.#page(label, 'lambda', ['#/functions/', name]);
  }

  /** A function's log. CloudFormation generates the log group's name from letters, digits and hyphens: nothing to escape. */
  logs(label: string, { logGroup }: LambdaFunction): ConsoleLink {
    const { stackName } = this.#stack;
    const stackCharacters = Token.isUnresolved(stackName) ? LONGEST.stack : stackName.length;
    const logicalId = this.#stack.getLogicalId(logGroup.node.defaultChild as CfnLogGroup);
    const atMost = stackCharacters + logicalId.length + GENERATED_CHARACTERS;
    return this.#page(label, 'cloudwatch', [
      '#logsV2:log-groups/log-group/',
      { reference: logGroup.logGroupName, atMost },
    ]);
  }

  queue(label: string, queue: Queue): ConsoleLink {
    // The queue's URL, built in its escaped form, because a reference to it could not be escaped.
    return this.#page(label, 'sqs/v3', [
      '#/queues/https%3A%2F%2Fsqs.',
      this.#region,
      '.',
      { reference: this.#stack.urlSuffix, atMost: LONGEST.urlSuffix },
      '%2F',
      { reference: this.#stack.account, atMost: LONGEST.account },
      '%2F',
      { reference: queue.queueName, atMost: LONGEST.queue },
    ]);
  }

  database(label: string, { clusterIdentifier }: IDatabaseCluster): ConsoleLink {
    const name = { reference: clusterIdentifier, atMost: LONGEST.cluster };
    return this.#page(label, 'rds', ['#database:id=', name, ';is-cluster=true']);
  }

  dashboard(label: string, { dashboardName }: Dashboard): ConsoleLink {
    const name = { reference: dashboardName, atMost: LONGEST.dashboard };
    return this.#page(label, 'cloudwatch', ['#dashboards/dashboard/', name]);
  }

  #page(label: string, service: string, fragment: Part[]): ConsoleLink {
    const parts = [...this.#origin, `/${service}/home?region=`, this.#region, ...fragment];
    return {
      label,
      url: Fn.join('', parts.map(textOf)),
      longestUrl: parts.reduce((sum, part) => sum + longest(part), 0),
    };
  }
}

function consoleDomain(scope: Construct, partition: string): string {
  if (!Token.isUnresolved(partition)) {
    return OTHER_DOMAINS.find((other) => other.partition === partition)?.domain ?? CONSOLE_DOMAIN;
  }
  return OTHER_DOMAINS.reduce((otherwise, { condition, partition: its, domain }) => {
    const { logicalId } = new CfnCondition(scope, condition, { expression: Fn.conditionEquals(partition, its) });
    return Token.asString(Fn.conditionIf(logicalId, domain, otherwise));
  }, CONSOLE_DOMAIN);
}

function textOf(part: Part): string {
  return typeof part === 'string' ? part : part.reference;
}

function longest(part: Part): number {
  if (typeof part === 'string') return part.length;
  return Token.isUnresolved(part.reference) ? part.atMost : part.reference.length;
}
