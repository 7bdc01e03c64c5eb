import { createHash } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const SUFFIX_CHARACTERS = 12;

/** Longest physical name of each kind of resource, characters; 64 is right for all others. */
const MAX_NAME_CHARACTERS: Readonly<Record<string, number>> = {
  'AWS::SQS::Queue': 80,
  'AWS::RDS::DBCluster': 63,
  'AWS::CloudWatch::Dashboard': 255,
  'AWS::CloudWatch::Alarm': 255,
};

/**
 * The name CloudFormation would give a resource without one of its own: stack, logical id, twelve characters. Where
 * CloudFormation draws those at random, here they follow from the other two, so that a second start finds its resources.
 */
export function physicalName(stackName: string, logicalId: string, type: string): string {
  const suffix = stableCharacters(`${stackName}/${logicalId}`, SUFFIX_CHARACTERS);
  // Secrets Manager's generated names leave the stack out.
  if (type === 'AWS::SecretsManager::Secret') return `${logicalId}-${suffix}`;
  const room = (MAX_NAME_CHARACTERS[type] ?? 64) - SUFFIX_CHARACTERS - 1;
  const name = `${shortened(stackName, logicalId, room)}-${suffix}`;
  // RDS lower-cases its identifiers, and the ARN in the function's environment is made from the identifier.
  return type.startsWith('AWS::RDS::') ? name.toLowerCase() : name;
}

/** Secrets Manager adds a hyphen and six characters to the name in an ARN. */
export function secretArnSuffix(secretName: string): string {
  return stableCharacters(`secret/${secretName}`, 6);
}

/** The logical id tells resources apart, so the stack's name is shortened first. */
function shortened(stackName: string, logicalId: string, room: number): string {
  const forStack = Math.max(8, room - 1 - logicalId.length);
  const stack = stackName.slice(0, forStack);
  return `${stack}-${logicalId.slice(0, room - 1 - stack.length)}`;
}

function stableCharacters(seed: string, count: number): string {
  const digest = createHash('sha256').update(seed).digest();
  return Array.from(digest.subarray(0, count), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
