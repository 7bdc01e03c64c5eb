import { isJsonObject, type JsonObject } from '../json-object.ts';
import { physicalName, secretArnSuffix } from './physical-names.ts';
import { TemplateError } from './template-values.ts';

/** Where the stack is assumed to be deployed. */
export type Deployment = {
  stackName: string;
  region: string;
  accountId: string;
  partition: string;
  urlSuffix: string;
  /** The URL under which a queue of this physical name is reached. */
  queueUrl: (queueName: string) => string;
};

/** One resource of the template, with what a reference to it needs to know. */
export type Resource = {
  logicalId: string;
  type: string;
  properties: JsonObject;
  /** Resolves an intrinsic inside this resource or the target of another reference. */
  resolve: (value: unknown) => unknown;
};

type Identity = { ref: string; attributes: Readonly<Record<string, string>> };

/** What `Ref` gives for the resource. */
export function refOf(resource: Resource, deployment: Deployment): string {
  return identityOf(resource, deployment).ref;
}

/** What `Fn::GetAtt` gives: the real shape where the twin serves the resource, a plausible one for the others. */
export function attributeOf(resource: Resource, attribute: string, deployment: Deployment): string {
  const known = identityOf(resource, deployment).attributes[attribute];
  if (known !== undefined) return known;
  const name = nameOf(resource, deployment);
  return attribute.endsWith('Arn') ? madeUpArn(resource.type, name, deployment) : `${name}-${attribute}`;
}

/** Given name, or the one CloudFormation would make up. */
export function nameOf(resource: Resource, deployment: Deployment): string {
  const property = NAME_PROPERTIES[resource.type];
  const given = property === undefined ? undefined : resource.resolve(resource.properties[property]);
  if (typeof given === 'string') return given;
  return physicalName(deployment.stackName, resource.logicalId, resource.type);
}

const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::RDS::DBCluster': 'DBClusterIdentifier',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::Logs::LogGroup': 'LogGroupName',
};

function identityOf(resource: Resource, deployment: Deployment): Identity {
  const name = nameOf(resource, deployment);
  switch (resource.type) {
    case 'AWS::SQS::Queue': {
      const url = deployment.queueUrl(name);
      return { ref: url, attributes: { Arn: arn(deployment, 'sqs', name), QueueName: name, QueueUrl: url } };
    }
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: arn(deployment, 'lambda', `function:${name}`) } };
    case 'AWS::Lambda::Version':
      return versionIdentity(resource, deployment);
    case 'AWS::Lambda::Alias':
      return { ref: `${functionArnOf(resource, deployment)}:${textOf(resource, 'Name')}`, attributes: {} };
    case 'AWS::RDS::DBCluster':
      return clusterIdentity(name, resource, deployment);
    case 'AWS::SecretsManager::Secret': {
      const secretArn = arn(deployment, 'secretsmanager', `secret:${name}-${secretArnSuffix(name)}`);
      return { ref: secretArn, attributes: { Id: secretArn } };
    }
    case 'AWS::SecretsManager::SecretTargetAttachment':
      return { ref: textOf(resource, 'SecretId'), attributes: {} };
    case 'AWS::SNS::Topic': {
      const topicArn = arn(deployment, 'sns', name);
      return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
    }
    case 'AWS::IAM::Role':
      return {
        ref: name,
        attributes: { Arn: `arn:${deployment.partition}:iam::${deployment.accountId}:role/${name}` },
      };
    case 'AWS::IAM::ManagedPolicy': {
      const policyArn = `arn:${deployment.partition}:iam::${deployment.accountId}:policy/${name}`;
      return { ref: policyArn, attributes: { PolicyArn: policyArn } };
    }
    case 'AWS::Events::EventBus':
      return { ref: name, attributes: { Arn: arn(deployment, 'events', `event-bus/${name}`), Name: name } };
    case 'AWS::Events::Rule':
      return ruleIdentity(name, resource, deployment);
    default:
      return { ref: name, attributes: {} };
  }
}

/** A version's `Ref` is the function's ARN with the version's number; here there is only ever the first. */
function versionIdentity(resource: Resource, deployment: Deployment): Identity {
  const versionArn = `${functionArnOf(resource, deployment)}:1`;
  return { ref: versionArn, attributes: { FunctionArn: versionArn, Version: '1' } };
}

/** A rule of a bus that is not the default one is named by both. */
function ruleIdentity(name: string, resource: Resource, deployment: Deployment): Identity {
  const given = resource.resolve(resource.properties['EventBusName']);
  const bus = typeof given === 'string' ? given.slice(given.lastIndexOf('/') + 1) : 'default';
  const path = bus === 'default' ? name : `${bus}/${name}`;
  const ref = bus === 'default' ? name : `${bus}|${name}`;
  return { ref, attributes: { Arn: arn(deployment, 'events', `rule/${path}`) } };
}

/** Of the function that a version or an alias belongs to, which may be named by either. */
function functionArnOf(resource: Resource, deployment: Deployment): string {
  const target = textOf(resource, 'FunctionName');
  return target.startsWith('arn:') ? target : arn(deployment, 'lambda', `function:${target}`);
}

function clusterIdentity(name: string, resource: Resource, deployment: Deployment): Identity {
  const port = resource.resolve(resource.properties['Port']);
  const zone = `${deployment.region}.rds.${deployment.urlSuffix}`;
  return {
    ref: name,
    attributes: {
      DBClusterArn: arn(deployment, 'rds', `cluster:${name}`),
      DBClusterResourceId: `cluster-${name}`,
      'Endpoint.Address': `${name}.cluster-local.${zone}`,
      'Endpoint.Port': String(typeof port === 'number' || typeof port === 'string' ? port : 5432),
      'ReadEndpoint.Address': `${name}.cluster-ro-local.${zone}`,
      'MasterUserSecret.SecretArn': arn(deployment, 'secretsmanager', `secret:rds!${name}-${secretArnSuffix(name)}`),
    },
  };
}

function arn(deployment: Deployment, service: string, resource: string): string {
  return `arn:${deployment.partition}:${service}:${deployment.region}:${deployment.accountId}:${resource}`;
}

function madeUpArn(type: string, name: string, deployment: Deployment): string {
  const [, service = 'unknown', kind = 'resource'] = type.toLowerCase().split('::');
  return arn(deployment, service, `${kind}/${name}`);
}

function textOf(resource: Resource, property: string): string {
  const value = resource.resolve(resource.properties[property]);
  if (typeof value !== 'string') throw new TemplateError(`${resource.logicalId}.${property}: expected a string`);
  return value;
}

/** The resources of a template by logical id. */
export function resourcesOf(template: JsonObject, resolve: (value: unknown) => unknown): Map<string, Resource> {
  const resources = template['Resources'];
  if (!isJsonObject(resources)) throw new TemplateError('the template has no Resources');
  const found = new Map<string, Resource>();
  for (const [logicalId, resource] of Object.entries(resources)) {
    if (!isJsonObject(resource) || typeof resource['Type'] !== 'string') {
      throw new TemplateError(`${logicalId}: a resource without a Type`);
    }
    const properties = isJsonObject(resource['Properties']) ? resource['Properties'] : {};
    found.set(logicalId, { logicalId, type: resource['Type'], properties, resolve });
  }
  return found;
}
