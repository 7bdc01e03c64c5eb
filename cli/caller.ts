import { userInfo } from 'node:os';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { StackAccess } from './stack-access.ts';

/** Who gives an order, as it is kept with it: the ARN of the credentials; of a local stack the user of the machine. */
export async function callerOf({ configuration, console }: StackAccess): Promise<string | undefined> {
  if (console !== undefined) return userName();
  const client = new STSClient(configuration);
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand());
    return Arn;
  } catch {
    // The order can do without: its right was checked where the function is invoked.
    return undefined;
  } finally {
    client.destroy();
  }
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return undefined;
  }
}
