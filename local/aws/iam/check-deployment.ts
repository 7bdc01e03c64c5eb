import { StartError } from '../../start-error.ts';
import type { StackDescription, StackFunction } from '../../template/stack-description.ts';
import type { Permissions } from './permissions.ts';
import type { Verdict } from './policy-engine.ts';

/** What Lambda's pollers do with a queue under the function's role (Lambda manual, execution role permissions for SQS). */
const POLLER_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

/**
 * What services do for the stack by themselves, with a function's role or against its policy: a deployment without these
 * rights is refused by CloudFormation, or, where only EventBridge would notice, would do nothing. Throws StartError with one
 * line for each fault, or for the first policy that cannot be judged.
 */
export async function checkDeployment(stack: StackDescription, permissions: Permissions): Promise<void> {
  const checks = [
    ...stack.functions.map((lambdaFunction) => trustOf(lambdaFunction, permissions)),
    ...pollers(stack, permissions),
    ...givenUpEvents(stack, permissions),
    ...ruleTargets(stack, permissions),
    ...triggers(stack, permissions),
  ];
  const verdicts = await Promise.all(checks.map(({ judge }) => judge())).catch(refuseToStart);
  const faults = checks.flatMap(({ fault }, index) => (verdicts[index]?.kind === 'allowed' ? [] : [fault]));
  if (faults.length > 0) throw new StartError(faults.join('\n'));
}

function refuseToStart(cause: unknown): never {
  throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause });
}

type Check = { judge: () => Promise<Verdict>; fault: string };

/** A role's own policies are judged too, whatever the result: otherwise a malformed one would only fail the first call. */
function trustOf({ name, roleLogicalId = '' }: StackFunction, permissions: Permissions): Check {
  return {
    async judge() {
      await permissions.judgeRole(roleLogicalId, { action: 'sts:GetCallerIdentity', resource: '*' });
      return permissions.judgeTrust(roleLogicalId);
    },
    fault: `${name}: its role ${roleLogicalId} cannot be assumed by Lambda`,
  };
}

function pollers(stack: StackDescription, permissions: Permissions): Check[] {
  return stack.eventSourceMappings.flatMap(({ logicalId, functionName, queueArn }) =>
    POLLER_ACTIONS.map((operation) => {
      const access = { action: `sqs:${operation}`, resource: queueArn };
      return {
        judge: () => permissions.judgeRole(roleOf(functionName, stack), access),
        fault: `${logicalId}: the role of ${functionName} does not allow ${access.action} on ${queueArn}`,
      };
    }),
  );
}

/** Lambda itself sends events that it gives up to the dead-letter queue or the destination, with the function's role. */
function givenUpEvents({ functions }: StackDescription, permissions: Permissions): Check[] {
  return functions.flatMap(({ name, roleLogicalId = '', deadLetterTargetArn, asynchronous }) =>
    [deadLetterTargetArn, asynchronous.onFailureArn].flatMap((resource) => {
      if (resource === undefined) return [];
      return {
        judge: () => permissions.judgeRole(roleLogicalId, { action: 'sqs:SendMessage', resource }),
        fault: `${name}: its role does not allow sqs:SendMessage on ${resource}, where given up events go`,
      };
    }),
  );
}

/** EventBridge itself invokes functions and sends to queues, if their own policies allow it. */
function ruleTargets(stack: StackDescription, permissions: Permissions): Check[] {
  return stack.rules.flatMap(({ logicalId, ruleArn, targets }) =>
    targets.map(({ arn, to }) => {
      const isQueue = to.kind === 'queue';
      const action = isQueue ? 'sqs:SendMessage' : 'lambda:InvokeFunction';
      const policy = isQueue ? 'AWS::SQS::QueuePolicy' : 'AWS::Lambda::Permission';
      return {
        judge: () => permissions.judgeService('events.amazonaws.com', { action, resource: arn, forArn: ruleArn }),
        fault: `${logicalId}: no ${policy} allows events.amazonaws.com ${action} on ${isQueue ? arn : to.functionName}`,
      };
    }),
  );
}

function triggers(stack: StackDescription, permissions: Permissions): Check[] {
  return stack.permissions.triggerInvocations.map(({ triggerLogicalId, roleLogicalId, functionArn }) => ({
    judge: () => permissions.judgeRole(roleLogicalId, { action: 'lambda:InvokeFunction', resource: functionArn }),
    fault: `${triggerLogicalId}: ${roleLogicalId} does not allow lambda:InvokeFunction on ${functionArn}`,
  }));
}

function roleOf(functionName: string, { functions }: StackDescription): string {
  return functions.find(({ name }) => name === functionName)?.roleLogicalId ?? '';
}
