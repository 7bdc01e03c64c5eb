import { StartError } from '../../start-error.ts';
import type { NamedPolicy, StackFunction, StackPermissions, StackRole } from '../../template/stack-description.ts';
import type { PolicyEngine, Verdict } from './policy-engine.ts';
import type { RequestedAccess } from './requested-access.ts';

type JudgedStack = {
  functions: readonly Pick<StackFunction, 'name' | 'arn' | 'roleLogicalId'>[];
  permissions: StackPermissions;
};

export type Place = { region: string; accountId: string };
type Session = { role: StackRole; name: string; functionArn?: string };

/**
 * Each set of credentials has its own secret, so there can be many judgements: beyond this number the oldest are dropped.
 */
const KEPT_JUDGEMENTS = 10_000;

/** What the template allows to its functions and to the services around them. Judgements reject with UnjudgeableAccess. */
export class Permissions {
  readonly #permissions: StackPermissions;
  readonly #engine: PolicyEngine;
  readonly #place: Place;
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #kept = new Map<string, Verdict>();

  /** Throws StartError for a function whose role the template does not make. */
  constructor({ functions, permissions }: JudgedStack, engine: PolicyEngine, place: Place) {
    this.#permissions = permissions;
    this.#engine = engine;
    this.#place = place;
    this.#sessions = new Map(
      functions.map(({ name, arn, roleLogicalId }) => [
        name,
        { role: this.#role(roleLogicalId ?? `for ${name}`), name, functionArn: arn },
      ]),
    );
  }

  /** ARN of the session that the processes of a function have. */
  sessionArn(functionName: string): string {
    return this.#arnOf(this.#session(functionName));
  }

  /** A promise only if this was not asked before: a template's policies do not change. */
  judgeFunction(functionName: string, access: RequestedAccess): Verdict | Promise<Verdict> {
    const key = `${functionName} ${access.action} ${access.resource} ${JSON.stringify(access.context ?? {})}`;
    return this.#kept.get(key) ?? this.#judgeAndKeep(key, this.#session(functionName), access);
  }

  /** As a service that acts with the role: there is no function behind the call. */
  judgeRole(roleLogicalId: string, access: RequestedAccess): Promise<Verdict> {
    return this.#judge({ role: this.#role(roleLogicalId), name: 'service' }, access);
  }

  /** As a service on its own behalf. `forArn`: the resource it acts for, as `aws:SourceArn`. */
  judgeService(service: string, { action, resource, forArn }: RequestedAccess & { forArn: string }): Promise<Verdict> {
    return this.#engine.judge({
      principal: service,
      action,
      resource,
      identityPolicies: [],
      resourcePolicies: this.#policiesOf(resource),
      context: { ...this.#serviceContext(), 'aws:SourceArn': forArn },
    });
  }

  /** Whether Lambda may give the role to a function. */
  judgeTrust(roleLogicalId: string): Promise<Verdict> {
    const { arn, trust } = this.#role(roleLogicalId);
    return this.#engine.judge({
      principal: 'lambda.amazonaws.com',
      action: 'sts:AssumeRole',
      resource: arn,
      identityPolicies: [],
      resourcePolicies: [{ name: `${roleLogicalId}.AssumeRolePolicyDocument`, document: trust }],
      context: this.#serviceContext(),
    });
  }

  async #judgeAndKeep(key: string, session: Session, access: RequestedAccess): Promise<Verdict> {
    const verdict = await this.#judge(session, access);
    if (this.#kept.size >= KEPT_JUDGEMENTS) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(key, verdict);
    return verdict;
  }

  #judge(session: Session, { action, resource, context }: RequestedAccess): Promise<Verdict> {
    const { role, functionArn } = session;
    return this.#engine.judge({
      principal: this.#arnOf(session),
      action,
      resource,
      identityPolicies: role.policies,
      resourcePolicies: this.#policiesOf(resource),
      context: {
        'aws:PrincipalAccount': this.#place.accountId,
        'aws:PrincipalArn': role.arn,
        'aws:PrincipalIsAWSService': 'false',
        'aws:PrincipalType': 'AssumedRole',
        'aws:RequestedRegion': this.#place.region,
        ...(functionArn !== undefined && { 'lambda:SourceFunctionArn': functionArn }),
        ...context,
      },
    });
  }

  #serviceContext(): Record<string, string> {
    return {
      'aws:PrincipalIsAWSService': 'true',
      'aws:RequestedRegion': this.#place.region,
      'aws:SourceAccount': this.#place.accountId,
    };
  }

  /** A permission belongs to the unqualified function: its versions have no policies here. */
  #policiesOf(resource: string): NamedPolicy[] {
    return this.#permissions.resourcePolicies.filter(({ resourceArn }) => resourceArn === resource);
  }

  #arnOf({ role, name }: Session): string {
    return `arn:aws:sts::${this.#place.accountId}:assumed-role/${role.name}/${name}`;
  }

  #session(functionName: string): Session {
    const session = this.#sessions.get(functionName);
    if (session === undefined) throw new Error(`there is no function ${functionName}`);
    return session;
  }

  #role(logicalId: string): StackRole {
    const role = this.#permissions.roles.find((candidate) => candidate.logicalId === logicalId);
    if (role === undefined) throw new StartError(`the template makes no role ${logicalId}`);
    return role;
  }
}
