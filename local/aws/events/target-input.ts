import { isJsonObject } from '../../json-object.ts';
import type { TargetInput } from '../../template/stack-description.ts';

/** What EventBridge itself can put into a template. */
type RuleOfEvent = { ruleArn: string; ruleName: string; ingestedAtMs: number };

/** The text that a target gets for an event: the event's JSON, or what the rule makes of it. */
export function targetText(input: TargetInput, event: object, rule: RuleOfEvent): string {
  switch (input.kind) {
    case 'event':
      return JSON.stringify(event);
    case 'constant':
      return input.json;
    case 'path':
      return JSON.stringify(valueAt(event, input.path) ?? null);
    case 'template':
      return filled(input, event, rule);
  }
}

/** A value outside of quotes stands as JSON; inside of them it becomes a part of that text. What is missing is empty. */
function filled(input: Extract<TargetInput, { kind: 'template' }>, event: object, rule: RuleOfEvent): string {
  const values: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(input.paths).map(([name, path]) => [name, valueAt(event, path)])),
    'aws.events.rule-arn': rule.ruleArn,
    'aws.events.rule-name': rule.ruleName,
    'aws.events.event.ingestion-time': new Date(rule.ingestedAtMs).toISOString(),
    'aws.events.event': event,
    'aws.events.event.json': event,
  };
  let isQuoted = false;
  return input.template.replaceAll(/<([\w.-]+)>|\\.|"/gs, (part, name: string | undefined) => {
    if (part === '"') isQuoted = !isQuoted;
    if (name === undefined || !Object.hasOwn(values, name)) return part;
    const value = values[name] ?? '';
    if (!isQuoted) return JSON.stringify(value);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return JSON.stringify(text).slice(1, -1);
  });
}

/** `$.detail.items[0].id`; undefined where the event has nothing of the kind. */
function valueAt(event: unknown, path: string): unknown {
  let value = event;
  for (const [, bracketed, name, index] of path.matchAll(/\['([^']+)'\]|\.([^.[\]]+)|\[(\d+)\]/g)) {
    if (index !== undefined) value = Array.isArray(value) ? value[Number(index)] : undefined;
    else value = isJsonObject(value) ? value[bracketed ?? name ?? ''] : undefined;
  }
  return value;
}
