import { Names, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Where a construct keeps its name for everything below it. */
const CONTEXT = 'surehook:service';
/** CloudWatch takes a dimension of 255 characters; a stack's name may have 128. */
const MAX_PATH = 126;

/**
 * Names a construct in its metrics, alarms and log lines: the stack and the ids down to it. The account and region hold no other
 * such name, and a deployment does not change it, so that staging pages nobody for production and hides nothing of it. Call this
 * before the construct has children.
 */
export function nameService(construct: Construct): void {
  const stack = Stack.of(construct);
  const ids = construct.node.scopes.slice(construct.node.scopes.indexOf(stack) + 1).map(({ node }) => node.id);
  const path = ids.join('/');
  // The last characters of CDK's own id tell two constructs apart whose paths begin alike.
  const short =
    path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH - 9)}-${Names.nodeUniqueId(construct.node).slice(-8)}`;
  construct.node.setContext(CONTEXT, `${stack.stackName}/${short}`);
}

/** The name of the construct that `scope` is part of. */
export function serviceNameOf(scope: Construct): string {
  return String(scope.node.getContext(CONTEXT));
}
