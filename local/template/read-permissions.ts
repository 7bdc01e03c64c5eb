import { isJsonObject, type JsonObject } from '../json-object.ts';
import { functionNamed, roleOf } from './read-functions.ts';
import type { Resource } from './resource-references.ts';
import type { NamedPolicy, StackPermissions, StackResourcePolicy, StackRole } from './stack-description.ts';
import type { StackReading } from './stack-reading.ts';
import { listAt, optionalTextAt, TemplateError, textAt } from './template-values.ts';

/** AWS' own policies by the end of their ARN, as their manual prints them. */
const AWS_MANAGED_POLICIES: Readonly<Record<string, JsonObject>> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ],
  },
};

/** Who may do what, by the template. */
export function readPermissions(reading: StackReading): StackPermissions {
  return {
    roles: reading.ofType('AWS::IAM::Role').map((role) => readRole(role, reading)),
    resourcePolicies: [
      ...[...reading.ofType('AWS::SQS::QueuePolicy'), ...reading.ofType('AWS::SQS::QueueInlinePolicy')].flatMap(
        (policy) => queuePolicies(policy, reading),
      ),
      ...reading.ofType('AWS::SecretsManager::ResourcePolicy').map((policy) => secretPolicy(policy, reading)),
      ...reading.ofType('AWS::Lambda::Permission').flatMap((permission) => functionPolicy(permission, reading)),
    ],
    triggerInvocations: reading.ofType('Custom::Trigger').map((trigger) => ({
      triggerLogicalId: trigger.logicalId,
      roleLogicalId: roleOfProvider(trigger, reading),
      functionArn: textAt(reading.resolve(trigger.properties['HandlerArn']), `${trigger.logicalId}.HandlerArn`),
    })),
  };
}

function readRole(role: Resource, reading: StackReading): StackRole {
  const where = role.logicalId;
  if (role.properties['PermissionsBoundary'] !== undefined) {
    reading.notice(`${where}: its permissions boundary is not judged here, so more may be allowed than on AWS`);
  }
  const property = (name: string): unknown => reading.resolve(role.properties[name]);
  const inline = listAt(property('Policies'), `${where}.Policies`).map((policy, index) => {
    const fields = isJsonObject(policy) ? policy : {};
    const name = textAt(fields['PolicyName'], `${where}.Policies.${index}.PolicyName`);
    return { name, document: documentAt(fields['PolicyDocument'], `${where}.Policies.${name}`) };
  });
  const own = new Set(reading.ofType('AWS::IAM::ManagedPolicy').map((policy) => reading.refOf(policy)));
  const managed = listAt(property('ManagedPolicyArns'), `${where}.ManagedPolicyArns`)
    .map((arn) => textAt(arn, `${where}.ManagedPolicyArns`))
    .filter((arn) => !own.has(arn))
    .flatMap((arn) => managedPolicy(arn, where, reading));
  return {
    logicalId: role.logicalId,
    name: reading.nameOf(role),
    arn: reading.arnOf(role),
    trust: documentAt(property('AssumeRolePolicyDocument'), `${where}.AssumeRolePolicyDocument`),
    policies: [...inline, ...managed, ...attachedPolicies(role, reading)],
  };
}

function managedPolicy(arn: string, where: string, reading: StackReading): NamedPolicy[] {
  const name = arn.slice(arn.indexOf(':policy/') + ':policy/'.length);
  const document = AWS_MANAGED_POLICIES[name];
  if (document !== undefined) return [{ name, document }];
  reading.notice(`${where}: what ${arn} allows is not known here, so it allows nothing`);
  return [];
}

function attachedPolicies(role: Resource, reading: StackReading): NamedPolicy[] {
  const managed = listAt(reading.resolve(role.properties['ManagedPolicyArns']), `${role.logicalId}.ManagedPolicyArns`);
  return ['AWS::IAM::Policy', 'AWS::IAM::RolePolicy', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => reading.ofType(type))
    .filter((policy) => {
      const { logicalId, properties } = policy;
      const roles = [
        ...listAt(reading.resolve(properties['Roles']), `${logicalId}.Roles`),
        reading.resolve(properties['RoleName']),
      ];
      return roles.includes(reading.refOf(role)) || managed.includes(reading.refOf(policy));
    })
    .map(({ logicalId, properties }) => ({
      name: optionalTextAt(reading.resolve(properties['PolicyName']), `${logicalId}.PolicyName`) ?? logicalId,
      document: documentAt(reading.resolve(properties['PolicyDocument']), `${logicalId}.PolicyDocument`),
    }));
}

function queuePolicies(policy: Resource, reading: StackReading): StackResourcePolicy[] {
  const where = policy.logicalId;
  const document = documentAt(reading.resolve(policy.properties['PolicyDocument']), `${where}.PolicyDocument`);
  const queues = policy.properties['Queues'] ?? [policy.properties['Queue']];
  return listAt(reading.resolve(queues), `${where}.Queues`).map((url) => {
    const queue = reading.ofType('AWS::SQS::Queue').find((candidate) => reading.refOf(candidate) === url);
    if (queue === undefined) throw new TemplateError(`${where}.Queues: there is no queue ${String(url)} in the stack`);
    return { name: where, document, resourceArn: reading.arnOf(queue) };
  });
}

function secretPolicy(policy: Resource, reading: StackReading): StackResourcePolicy {
  const where = policy.logicalId;
  const document = documentAt(reading.resolve(policy.properties['ResourcePolicy']), `${where}.ResourcePolicy`);
  const resourceArn = textAt(reading.resolve(policy.properties['SecretId']), `${where}.SecretId`);
  return { name: where, document, resourceArn };
}

/** A permission is one statement of the function's policy, as Lambda itself writes it. */
function functionPolicy(permission: Resource, reading: StackReading): StackResourcePolicy[] {
  const where = permission.logicalId;
  const text = (name: string): string | undefined =>
    optionalTextAt(reading.resolve(permission.properties[name]), `${where}.${name}`);
  for (const unknown of ['EventSourceToken', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl', 'PrincipalOrgID']) {
    if (text(unknown) === undefined) continue;
    reading.notice(`${where}: a permission with ${unknown} allows nothing here`);
    return [];
  }
  const named = textAt(text('FunctionName'), `${where}.FunctionName`);
  const name = functionNamed(named, reading, where);
  const target = reading.ofType('AWS::Lambda::Function').find((candidate) => reading.nameOf(candidate) === name);
  const functionArn = target === undefined ? name : reading.arnOf(target);
  // A version or an alias has permissions of its own.
  const resourceArn = named.startsWith(`${functionArn}:`) ? named : functionArn;
  const principal = textAt(text('Principal'), `${where}.Principal`);
  const sourceArn = text('SourceArn');
  const sourceAccount = text('SourceAccount');
  const condition = {
    ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
    ...(sourceAccount !== undefined && { StringEquals: { 'aws:SourceAccount': sourceAccount } }),
  };
  const statement = {
    Effect: 'Allow',
    Principal: principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal },
    Action: textAt(text('Action'), `${where}.Action`),
    Resource: resourceArn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
  return [{ name: where, document: { Version: '2012-10-17', Statement: [statement] }, resourceArn }];
}

/** The function behind a custom resource invokes under its own role. */
function roleOfProvider(trigger: Resource, reading: StackReading): string {
  const token = reading.resolve(trigger.properties['ServiceToken']);
  const provider = reading.ofType('AWS::Lambda::Function').find((candidate) => reading.arnOf(candidate) === token);
  const role = roleOf(provider?.properties['Role']);
  if (role === undefined) throw new TemplateError(`${trigger.logicalId}: its provider has no role in the stack`);
  return role;
}

function documentAt(value: unknown, where: string): JsonObject {
  if (!isJsonObject(value)) throw new TemplateError(`${where}: expected a policy document`);
  return value;
}
