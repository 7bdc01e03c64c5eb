import type { NamedPolicy, StackFunction, StackPermissions, StackRole } from '../template/stack-description.ts';
import type { PolicyEngine, Verdict } from './policy-engine.ts';
import type { RequestedAccess } from './requested-access.ts';

/** What the template allows to each of its functions, and to services. */
export type Permissions = {
  /** ARN of the session that the processes of a function have. */
  sessionArn(functionName: string): string;
  /** Rejects with UnjudgeableAccess. */
  judgeFunction(functionName: string, access: RequestedAccess): Verdict | Promise<Verdict>;
  /** As the function's role, whoever uses it. Rejects with UnjudgeableAccess. */
  judgeRole(roleLogicalId: string, access: RequestedAccess): Promise<Verdict>;
  /** `forArn`: what the service acts for, as `aws:SourceArn`. Rejects with UnjudgeableAccess. */
  judgeService(service: string, access: RequestedAccess & { forArn: string }): Promise<Verdict>;
  /** Whether Lambda may give the role to a function. */
  judgeTrust(roleLogicalId: string): Promise<Verdict>;
};

export type PermissionsPlace = { region: string; accountId: string };

export type JudgedStack = {
  functions: readonly Pick<StackFunction, 'name' | 'arn' | 'roleLogicalId'>[];
  permissions: StackPermissions;
};

/** Credentials have a secret each: more judgements than this are forgotten, the oldest first. */
const KEPT_JUDGEMENTS = 10_000;

/** Judges by the stack's template. Throws for a function whose role is not in it. */
export function createPermissions(
  stack: JudgedStack,
  engine: PolicyEngine,
  { region, accountId }: PermissionsPlace,
): Permissions {
  const kept = new Map<string, Verdict>();
  const roles = new Map(stack.permissions.roles.map((role) => [role.logicalId, role]));
  const functions = new Map(
    stack.functions.map(({ name, arn, roleLogicalId }) => [name, { arn, role: roleOf(roleLogicalId, name) }]),
  );

  function roleOf(logicalId: string | undefined, user: string): StackRole {
    const role = roles.get(logicalId ?? '');
    if (role === undefined) throw new Error(`${user}: the template makes no role ${logicalId ?? 'for it'}`);
    return role;
  }

  function functionNamed(name: string): { arn: string; role: StackRole } {
    const found = functions.get(name);
    if (found === undefined) throw new Error(`there is no function ${name}`);
    return found;
  }

  function judgeAs(role: StackRole, { action, resource }: RequestedAccess, session: { name: string; arn?: string }) {
    return engine.judge({
      principal: sessionArn(role, session.name),
      action,
      resource,
      identityPolicies: role.policies,
      resourcePolicies: policiesOf(resource),
      context: {
        'aws:PrincipalAccount': accountId,
        'aws:PrincipalArn': role.arn,
        'aws:PrincipalIsAWSService': 'false',
        'aws:PrincipalType': 'AssumedRole',
        'aws:RequestedRegion': region,
        ...(session.arn !== undefined && { 'lambda:SourceFunctionArn': session.arn }),
      },
    });
  }

  /** A version of a function has no policy of its own here: Lambda's permissions are the unqualified function's. */
  function policiesOf(resource: string): NamedPolicy[] {
    return stack.permissions.resourcePolicies.filter(({ resourceArn }) => resourceArn === resource);
  }

  function sessionArn(role: StackRole, sessionName: string): string {
    return `arn:aws:sts::${accountId}:assumed-role/${role.name}/${sessionName}`;
  }

  return {
    sessionArn: (functionName) => sessionArn(functionNamed(functionName).role, functionName),
    judgeFunction(functionName, access) {
      const key = `${functionName} ${access.action} ${access.resource}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      const { role, arn } = functionNamed(functionName);
      return judgeAs(role, access, { name: functionName, arn }).then((verdict) => {
        if (kept.size >= KEPT_JUDGEMENTS) kept.delete(kept.keys().next().value ?? '');
        kept.set(key, verdict);
        return verdict;
      });
    },
    // A service's own calls with a role have no function behind them.
    judgeRole: (logicalId, access) => judgeAs(roleOf(logicalId, access.action), access, { name: 'service' }),
    judgeService: (service, { action, resource, forArn }) =>
      engine.judge({
        principal: service,
        action,
        resource,
        identityPolicies: [],
        resourcePolicies: policiesOf(resource),
        context: serviceContext({ forArn, region }),
      }),
    judgeTrust(logicalId) {
      const role = roleOf(logicalId, 'trust');
      return engine.judge({
        principal: 'lambda.amazonaws.com',
        action: 'sts:AssumeRole',
        resource: role.arn,
        identityPolicies: [],
        resourcePolicies: [{ name: `${role.logicalId}.AssumeRolePolicyDocument`, document: role.trust }],
        context: serviceContext({ region }),
      });
    },
  };

  function serviceContext({ forArn, region }: { forArn?: string; region: string }): Record<string, string> {
    return {
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalType': 'AWSService',
      'aws:RequestedRegion': region,
      'aws:SourceAccount': accountId,
      ...(forArn !== undefined && { 'aws:SourceArn': forArn }),
    };
  }
}
