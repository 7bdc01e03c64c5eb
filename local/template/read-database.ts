import { isJsonObject } from '../json-object.ts';
import type { StackReading } from './stack-reading.ts';
import { attributeOf, type Resource } from './resource-references.ts';
import type { StackDatabase } from './stack-description.ts';
import { numberAt, objectAt, optionalNumberAt, optionalTextAt, TemplateError, textAt } from './template-values.ts';

/** The stack's one Aurora cluster with the secret made for it. Throws TemplateError for a second one. */
export function readDatabase(reading: StackReading): StackDatabase | undefined {
  const [cluster, second] = reading.ofType('AWS::RDS::DBCluster');
  if (cluster === undefined) return undefined;
  if (second !== undefined) throw new TemplateError(`${second.logicalId}: the local twin runs one database`);
  const where = cluster.logicalId;
  const attribute = (name: string): string => attributeOf(cluster, name, reading.deployment);
  const secret = secretOf(cluster, reading);
  return {
    logicalId: cluster.logicalId,
    resourceArn: attribute('DBClusterArn'),
    clusterIdentifier: reading.refOf(cluster),
    ...secret,
    databaseName: optionalTextAt(reading.resolve(cluster.properties['DatabaseName']), `${where}.DatabaseName`),
    endpoint: attribute('Endpoint.Address'),
    port: Number(attribute('Endpoint.Port')),
    pausesAfterSeconds: pausesAfterSeconds(cluster, reading),
  };
}

/** What RDS takes where the template names no time. */
const DEFAULT_PAUSE_SECONDS = 300;

function pausesAfterSeconds(cluster: Resource, reading: StackReading): number | undefined {
  const where = `${cluster.logicalId}.ServerlessV2ScalingConfiguration`;
  const scaling = objectAt(reading.resolve(cluster.properties['ServerlessV2ScalingConfiguration']), where);
  const least = optionalNumberAt(scaling['MinCapacity'], `${where}.MinCapacity`);
  if (least !== 0) return undefined;
  return numberAt(scaling['SecondsUntilAutoPause'], `${where}.SecondsUntilAutoPause`, DEFAULT_PAUSE_SECONDS);
}

type ClusterSecret = Pick<StackDatabase, 'secretArn' | 'secretName' | 'username'>;

/** The attachment says which secret belongs to the cluster; without one RDS manages its own secret. */
function secretOf(cluster: Resource, reading: StackReading): ClusterSecret {
  const attachment = reading
    .ofType('AWS::SecretsManager::SecretTargetAttachment')
    .find((candidate) => reading.resolve(candidate.properties['TargetId']) === reading.refOf(cluster));
  if (attachment === undefined) {
    const secretArn = attributeOf(cluster, 'MasterUserSecret.SecretArn', reading.deployment);
    const where = `${cluster.logicalId}.MasterUsername`;
    const username = optionalTextAt(reading.resolve(cluster.properties['MasterUsername']), where) ?? 'postgres';
    return { secretArn, secretName: nameInArn(secretArn), username };
  }
  const secretArn = textAt(reading.resolve(attachment.properties['SecretId']), `${attachment.logicalId}.SecretId`);
  const secret = reading
    .ofType('AWS::SecretsManager::Secret')
    .find((candidate) => reading.refOf(candidate) === secretArn);
  if (secret === undefined) return { secretArn, secretName: nameInArn(secretArn), username: 'postgres' };
  return { secretArn, secretName: reading.nameOf(secret), username: usernameOf(secret, reading) };
}

/** Without the hyphen and six characters that Secrets Manager adds. */
function nameInArn(secretArn: string): string {
  return secretArn.split(':').slice(6).join(':').slice(0, -7);
}

function usernameOf(secret: Resource, reading: StackReading): string {
  const where = `${secret.logicalId}.GenerateSecretString`;
  const generate = objectAt(reading.resolve(secret.properties['GenerateSecretString']), where);
  const template = optionalTextAt(generate['SecretStringTemplate'], `${where}.SecretStringTemplate`) ?? '{}';
  const parsed: unknown = JSON.parse(template);
  const username = isJsonObject(parsed) ? parsed['username'] : undefined;
  return typeof username === 'string' ? username : 'postgres';
}
