import type { runSimulation, RunSimulationResults, Simulation } from '@cloud-copilot/iam-simulate';
import { isJsonObject, type JsonObject } from '../../json-object.ts';
import type { NamedPolicy } from '../../template/stack-description.ts';

/** One call as IAM judges it. Everything belongs to one account. */
type AccessQuestion = {
  /** ARN of a role's session, or a service as `events.amazonaws.com`. */
  principal: string;
  /** e.g. `sqs:SendMessage` */
  action: string;
  /** ARN, or `*` for an action without resources. */
  resource: string;
  context: Readonly<Record<string, string | string[]>>;
  identityPolicies: readonly NamedPolicy[];
  resourcePolicies: readonly NamedPolicy[];
};

export type Verdict =
  | { kind: 'allowed' }
  /** `by` says whose policy denies, or whose lacks the grant. */
  | { kind: 'denied'; how: 'explicitly' | 'for want of a grant'; by: 'identity-based' | 'resource-based' };

/**
 * A question that cannot be judged: a malformed policy, an unknown condition, or an action or a resource that AWS does not
 * have.
 */
class UnjudgeableAccess extends Error {
  override readonly name = 'UnjudgeableAccess';
  readonly code = 'UnjudgeableAccess';
}

export type PolicyEngine = {
  /** Rejects with UnjudgeableAccess. */
  judge(question: AccessQuestion): Promise<Verdict>;
};

/**
 * The twin answers over plain HTTP on a loopback address, where AWS uses TLS: policies that deny unencrypted requests are
 * judged as on AWS.
 */
const SECURE_TRANSPORT = { 'aws:SecureTransport': 'true' };

/** Every condition key that a question may bring. A policy that asks for another would be judged as if it were absent. */
const KNOWN_CONDITION_KEYS = new Set(
  [
    'aws:PrincipalAccount',
    'aws:PrincipalArn',
    'aws:PrincipalIsAWSService',
    'aws:PrincipalType',
    'aws:RequestedRegion',
    'aws:SecureTransport',
    'aws:SourceAccount',
    'aws:SourceArn',
    'events:detail-type',
    'events:source',
    'lambda:SourceFunctionArn',
  ].map((key) => key.toLowerCase()),
);

type Simulator = { runSimulation: typeof runSimulation };

/**
 * The simulator's licence is the AGPL, which not everybody may install: it is installed only in a checkout of this project.
 */
const NOT_INSTALLED =
  'permissions are not judged: @cloud-copilot/iam-simulate (AGPL-3.0) is not installed, so a missing right shows only when deployed';

/**
 * Takes about 0.1 s of processor and 25 MB: start it early, in parallel with slower steps. If the simulator is not
 * installed, every call is allowed, and `say` is told once.
 */
export async function loadPolicyEngine({
  accountId,
  say = () => undefined,
  load = () => import('@cloud-copilot/iam-simulate'),
}: {
  accountId: string;
  say?: (line: string) => void;
  load?: () => Promise<Simulator>;
}): Promise<PolicyEngine> {
  const simulator = await load().catch(absent);
  if (simulator === undefined) {
    say(NOT_INSTALLED);
    return { judge: async () => ({ kind: 'allowed' }) };
  }
  const { runSimulation } = simulator;
  async function judge(question: AccessQuestion): Promise<Verdict> {
    for (const policy of [...question.identityPolicies, ...question.resourcePolicies]) checkConditionKeys(policy);
    const result = await runSimulation(simulationOf(question, accountId), { simulationMode: 'Strict' });
    return verdictOf(result, question);
  }
  // The first judgement of each service loads the data about its actions; doing it here saves callers the wait.
  await Promise.all(WARMING.map(([action, resource]) => judge({ ...NOBODY, action, resource })));
  return { judge };
}

function absent(fault: unknown): undefined {
  if (!(fault instanceof Error && 'code' in fault && fault.code === 'ERR_MODULE_NOT_FOUND')) throw fault;
}

const NOBODY = {
  principal: 'arn:aws:sts::000000000000:assumed-role/nobody/nobody',
  context: {},
  identityPolicies: [],
  resourcePolicies: [],
};
const WARMING = [
  ['sqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:queue'],
  ['rds-data:ExecuteStatement', 'arn:aws:rds:us-east-1:000000000000:cluster:cluster'],
  ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:us-east-1:000000000000:secret:secret-AbCdEf'],
] as const;

function simulationOf(question: AccessQuestion, accountId: string): Simulation {
  const { principal, action, resource, context, identityPolicies, resourcePolicies } = question;
  return {
    request: {
      principal,
      action,
      resource: { resource, accountId },
      contextVariables: { ...SECURE_TRANSPORT, ...context },
    },
    identityPolicies: identityPolicies.map(({ name, document }) => ({ name, policy: document })),
    // What an organization forbids its accounts is not in the template.
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicies.length > 0 && { resourcePolicy: merged(resourcePolicies) }),
  };
}

/** A resource has one policy; the template may write it in parts, as permissions of a function are. */
function merged(policies: readonly NamedPolicy[]): object {
  return { Version: '2012-10-17', Statement: policies.flatMap(({ document }) => document['Statement'] ?? []) };
}

function verdictOf(result: RunSimulationResults, { action, resource, principal }: AccessQuestion): Verdict {
  if (result.resultType !== 'single') {
    const why = result.resultType === 'error' ? JSON.stringify(result.errors) : 'a resource with a wildcard';
    throw new UnjudgeableAccess(`${action} on ${resource} cannot be judged: ${why}`);
  }
  const { analysis } = result.result;
  if (analysis.result === 'Allowed') return { kind: 'allowed' };
  const isService = !principal.startsWith('arn:');
  if (analysis.identityAnalysis?.result === 'ExplicitlyDenied') return denied('explicitly', 'identity-based');
  if (analysis.resourceAnalysis?.result === 'ExplicitlyDenied') return denied('explicitly', 'resource-based');
  return denied('for want of a grant', isService ? 'resource-based' : 'identity-based');
}

function denied(
  how: Extract<Verdict, { kind: 'denied' }>['how'],
  by: Extract<Verdict, { kind: 'denied' }>['by'],
): Verdict {
  return { kind: 'denied', how, by };
}

function checkConditionKeys({ name, document }: NamedPolicy): void {
  for (const statement of [document['Statement']].flat()) {
    for (const operands of Object.values(objectIn(statement, 'Condition'))) {
      const unknown = Object.keys(Object(operands)).find((key) => !KNOWN_CONDITION_KEYS.has(key.toLowerCase()));
      if (unknown !== undefined) {
        throw new UnjudgeableAccess(`policy ${name}: the local twin does not know the condition key ${unknown}`);
      }
    }
  }
}

function objectIn(value: unknown, key: string): JsonObject {
  const found = isJsonObject(value) ? value[key] : undefined;
  return isJsonObject(found) ? found : {};
}
