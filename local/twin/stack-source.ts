import type { StackDescription } from '../template/stack-description.ts';
import { type AppStack, appStack } from './app-assembly.ts';
import type { StartOptions } from './options.ts';
import { STACK_NAME, synthesize } from './synthesize.ts';

type StackSource = Pick<AppStack, 'stackName' | 'assemblyFolder'> & Partial<AppStack>;

/** The stack that is run: of somebody's app as it was synthesized, or this project's own, synthesized now if need be. */
export async function stackSource({ app, dataDir, settings }: StartOptions): Promise<StackSource> {
  if (app !== undefined) return appStack(app.folder, app.stackName);
  return { stackName: STACK_NAME, assemblyFolder: await synthesize(dataDir, settings) };
}

/** What an app that is made for one account and region must know: here is another one. */
export function placeNotice({ environment = '' }: StackSource, here: { accountId: string; region: string }): string[] {
  const [, account, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
  const isElsewhere =
    (account !== undefined && account !== 'unknown-account' && account !== here.accountId) ||
    (region !== undefined && region !== 'unknown-region' && region !== here.region);
  if (!isElsewhere) return [];
  return [
    `${environment}: the stack is synthesized for this account and region, and here it is ${here.accountId} and ${here.region}. ARNs that it writes out itself lead nowhere: synthesize it without env`,
  ];
}

/**
 * A deployed template allows no loopback address; on this machine receivers have no other. What the template allows beside
 * stays allowed.
 */
export function withLoopback(stack: StackDescription, settings: Readonly<Record<string, string>>): StackDescription {
  const here = settings['EGRESS_ALLOW_CIDRS'] ?? '';
  const functions = stack.functions.map((lambdaFunction) => {
    const allowed = lambdaFunction.environment['EGRESS_ALLOW_CIDRS'];
    if (allowed === undefined) return lambdaFunction;
    const both = [allowed, here].filter((cidrs) => cidrs !== '').join(',');
    return { ...lambdaFunction, environment: { ...lambdaFunction.environment, EGRESS_ALLOW_CIDRS: both } };
  });
  return { ...stack, functions };
}
