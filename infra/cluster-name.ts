import { Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';

/** The Data API's limit for `resourceArn` (API reference, ExecuteStatement). With a longer ARN every call fails. */
export const MAX_ARN_CHARACTERS = 100;
/** `-database<8>-<12>`, which CloudFormation adds to the stack's name. */
const GENERATED_CHARACTERS = 30;

/** The commercial regions with the longest and the shortest name, for a stack that does not set its region. */
const LONGEST_REGION = 'ap-southeast-1';
const SHORTEST_REGION = 'us-east-1';

/** Why the Data API would not accept the ARN of a new cluster, whether CloudFormation names it or it is given a name; else nothing. */
export function newClusterFaults(scope: Construct, clusterIdentifier: string | undefined): string[] {
  const room = roomForName(scope, LONGEST_REGION);
  if (clusterIdentifier !== undefined) return nameFaults(clusterIdentifier, room);
  const { stackName } = Stack.of(scope);
  const forStack = room - GENERATED_CHARACTERS;
  if (Token.isUnresolved(stackName) || stackName.length <= forStack) return [];
  return [
    `the stack's name must have at most ${forStack} characters, or database.clusterIdentifier must name the cluster: ` +
      `the Data API accepts no cluster ARN longer than ${MAX_ARN_CHARACTERS} characters`,
  ];
}

/** The same for an existing cluster. If the stack does not set its region, a name that might fit is accepted; a missing one is told elsewhere. */
export function existingClusterFaults(scope: Construct, clusterIdentifier: string | undefined): string[] {
  if (clusterIdentifier === undefined) return [];
  return nameFaults(clusterIdentifier, roomForName(scope, SHORTEST_REGION));
}

function nameFaults(clusterIdentifier: string, room: number): string[] {
  if (Token.isUnresolved(clusterIdentifier) || clusterIdentifier.length <= room) return [];
  return [
    `database.clusterIdentifier must have at most ${room} characters: ` +
      `the Data API accepts no cluster ARN longer than ${MAX_ARN_CHARACTERS} characters`,
  ];
}

/** The room that the ARN leaves for the cluster's name. */
function roomForName(scope: Construct, regionElse: string): number {
  const { region } = Stack.of(scope);
  const where = Token.isUnresolved(region) ? regionElse : region;
  const partition = RegionInfo.get(where).partition ?? 'aws';
  return MAX_ARN_CHARACTERS - `arn:${partition}:rds:${where}:111122223333:cluster:`.length;
}
