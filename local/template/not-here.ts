import type { Resource } from './resource-references.ts';
import type { StackReading } from './stack-reading.ts';

/** Resources that the twin runs, or that ask nothing of a machine. */
const HERE = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::IAM::RolePolicy',
  'AWS::Lambda::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SQS::QueueInlinePolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SecretsManager::Secret',
  'AWS::SecretsManager::SecretTargetAttachment',
  'Custom::Trigger',
]);
/** The network and the database's surroundings: here everything is one machine, and one PostgreSQL. */
const SURROUNDINGS = /^AWS::(?:EC2|RDS)::/;
/** As many names as a sentence can hold. */
const NAMED = 3;

/** A sentence for each type of resource that the twin does not have, saying what becomes of its users. */
export function resourcesNotHere({ resources }: Pick<StackReading, 'resources'>): string[] {
  const unknown = [...resources.values()].filter(({ type }) => !HERE.has(type) && !SURROUNDINGS.test(type));
  const byType = Map.groupBy(unknown, ({ type }) => type);
  return [...byType].map(([type, ofType]) => sentence(type, ofType));
}

function sentence(type: string, resources: readonly Resource[]): string {
  const names = resources.slice(0, NAMED).map(({ logicalId }) => logicalId);
  const more = resources.length > NAMED ? ` and ${resources.length - NAMED} more` : '';
  const what = `${names.join(', ')}${more} (${type})`;
  if (type === 'AWS::SNS::Subscription') return `${what}: there is no SNS here, so nothing published reaches anybody`;
  if (/^Custom::|^AWS::CloudFormation::CustomResource$/.test(type)) {
    return `${what}: custom resources are not run here, so what they would make is missing`;
  }
  const service = type.split('::')[1] ?? type;
  return `${what}: ${service} is not here. Functions get a name and an ARN of it that lead nowhere, and their calls are refused`;
}
