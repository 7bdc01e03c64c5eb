import type { StackRole } from '../../local/template/stack-description.ts';

export type Template = { Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }> };

/** One action on one resource, both as the policy writes them, wildcards and all. */
export type Right = { action: string; resource: string };

type Statement = { Effect: string; Action: string | string[]; Resource: unknown };

/** Everything that a role's policies allow. */
export function rightsOf({ policies }: StackRole): Right[] {
  return policies.flatMap(({ document }) =>
    statementsOf(document).flatMap((statement) =>
      statement.Effect === 'Allow'
        ? single(statement).map(({ Action, Resource }) => ({ action: String(Action), resource: String(Resource) }))
        : [],
    ),
  );
}

/** Whether this right is what an access needed. */
export function covers(right: Right, access: Right): boolean {
  return like(right.action.toLowerCase(), access.action.toLowerCase()) && like(right.resource, access.resource);
}

/** IAM's pattern: `*` is any text, `?` any one character. */
function like(pattern: string, text: string): boolean {
  const expression = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : `\\${character}`;
  });
  return new RegExp(`^${expression}$`, 's').test(text);
}

/**
 * The template less one right of one function. `resource`: how the resource's JSON in the template reads, e.g. the start
 * of a logical id. Throws when there is not exactly one such right.
 */
export function withoutRight(template: Template, lost: { of: string; action: string; resource: RegExp }): Template {
  const changed = structuredClone(template);
  let found = 0;
  for (const [logicalId, { Type, Properties }] of Object.entries(changed.Resources)) {
    if (Type !== 'AWS::IAM::Policy' || !logicalId.startsWith(`Surehook${lost.of}Role`)) continue;
    const document = Properties?.['PolicyDocument'] as Record<string, unknown>;
    const statements = statementsOf(document).flatMap(single);
    document['Statement'] = statements.filter(
      ({ Action, Resource }) => Action !== lost.action || !lost.resource.test(JSON.stringify(Resource)),
    );
    found += statements.length - statementsOf(document).length;
  }
  if (found !== 1) throw new Error(`${found} rights of ${lost.of} to ${lost.action} on ${String(lost.resource)}`);
  return changed;
}

function statementsOf(document: Record<string, unknown>): Statement[] {
  return [document['Statement']].flat() as Statement[];
}

/** One statement for each action and resource. */
function single(statement: Statement): Statement[] {
  return [statement.Action]
    .flat()
    .flatMap((Action) => [statement.Resource].flat().map((Resource) => ({ ...statement, Action, Resource })));
}
