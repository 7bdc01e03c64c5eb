import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Function as LambdaFunction,
  type FunctionOptions,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { functionCode } from './function-code.ts';
import { serviceNameOf } from './service-name.ts';
import { grantPlacement } from './static-egress.ts';

export type FunctionDescription = Omit<FunctionOptions, 'timeout' | 'environment' | 'memorySize' | 'tracing'> & {
  /** `functions/<entry>.ts` */
  entry: string;
  timeoutSeconds: number;
  memoryMb: number;
  environment: Record<string, string>;
};

/** What is kept of a function's work: its log, and traces if there are any. */
export type LogKeeping = {
  retention: RetentionDays;
  removalPolicy: RemovalPolicy;
  encryptionKey: IKey | undefined;
  tracing: Traces;
};

const TRACING = { active: Tracing.ACTIVE, 'pass-through': Tracing.PASS_THROUGH, off: Tracing.DISABLED };
export type Traces = keyof typeof TRACING;

/** One function with its own role and log group. Its only rights are to write there, to trace, and to be placed in a VPC if it is. */
export function createFunction(
  scope: Construct,
  id: string,
  options: FunctionDescription & LogKeeping,
): LambdaFunction {
  const { entry, timeoutSeconds, memoryMb, retention, removalPolicy, encryptionKey, tracing, environment, ...rest } =
    options;
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention,
    removalPolicy,
    ...(encryptionKey !== undefined && { encryptionKey }),
  });
  // Replaces the managed policy, which lets a function create and write any log group of the account.
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  if (rest.vpc !== undefined) grantPlacement(role);
  const lambdaFunction = new LambdaFunction(scope, id, {
    ...rest,
    // The library for log lines and metrics reads it by itself.
    environment: { ...environment, POWERTOOLS_SERVICE_NAME: serviceNameOf(scope) },
    code: functionCode(scope, entry),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    timeout: Duration.seconds(timeoutSeconds),
    memorySize: memoryMb,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    tracing: TRACING[tracing],
  });
  if (tracing === 'off') {
    acknowledge(lambdaFunction, {
      'Serverless-LambdaTracing':
        'Tracing is a prop: it may cost more than all else of a delivery, see docs/deploy.md.',
    });
  } else {
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'xray:PutTraceSegments and xray:PutTelemetryRecords support no resource ARNs.',
    });
  }
  return lambdaFunction;
}

/** Lets a function call one action of a service on the given resources. */
export function allow(lambdaFunction: LambdaFunction, action: string, resource: string): void {
  lambdaFunction.addToRolePolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
}
