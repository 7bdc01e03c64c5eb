import { isJsonObject, type JsonObject } from '../json-object.ts';
import { functionNamed, isRunHere } from './read-functions.ts';
import { readQueues } from './read-queues.ts';
import type { Resource } from './resource-references.ts';
import type { StackEventBus, StackRule, StackRuleTarget, TargetInput } from './stack-description.ts';
import type { StackReading } from './stack-reading.ts';
import { listAt, objectAt, optionalTextAt, TemplateError, textAt } from './template-values.ts';

/** The bus that every account has. */
const DEFAULT_BUS = 'default';

/** The account's own bus and those of the template. */
export function readEventBuses({ deployment, ...reading }: StackReading): StackEventBus[] {
  const prefix = `arn:${deployment.partition}:events:${deployment.region}:${deployment.accountId}:event-bus/`;
  const names = reading.ofType('AWS::Events::EventBus').map((bus) => reading.nameOf(bus));
  return [DEFAULT_BUS, ...names].map((name) => ({ name, arn: prefix + name }));
}

/** Rules by rate and by pattern, each with the targets that the twin knows. */
export function readRules(reading: StackReading): StackRule[] {
  return reading.ofType('AWS::Events::Rule').map((rule) => {
    const where = rule.logicalId;
    const property = (name: string): unknown => reading.resolve(rule.properties[name]);
    const expression = optionalTextAt(property('ScheduleExpression'), `${where}.ScheduleExpression`);
    const pattern = property('EventPattern');
    const bus = optionalTextAt(property('EventBusName'), `${where}.EventBusName`) ?? DEFAULT_BUS;
    return {
      logicalId: rule.logicalId,
      ruleName: reading.nameOf(rule),
      ruleArn: reading.arnOf(rule),
      // By name or by ARN.
      busName: bus.slice(bus.lastIndexOf('/') + 1),
      everyMs: expression === undefined ? undefined : rateMs(expression, where, reading),
      pattern: pattern === undefined ? undefined : objectAt(pattern, `${where}.EventPattern`),
      enabled: property('State') !== 'DISABLED',
      targets: listAt(property('Targets'), `${where}.Targets`).flatMap((target) => readTarget(target, rule, reading)),
    };
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Undefined for a cron expression, which no part of the product needs. */
function rateMs(expression: string, where: string, reading: StackReading): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (unitMs === undefined || Number(count) < 1) {
    reading.notice(`${where}: ${expression} does not run here; rate(n minutes|hours|days) does`);
    return undefined;
  }
  return Number(count) * unitMs;
}

function readTarget(target: unknown, rule: Resource, reading: StackReading): StackRuleTarget[] {
  const where = `${rule.logicalId}.Targets`;
  if (!isJsonObject(target)) throw new TemplateError(`${where}: expected objects`);
  const arn = textAt(target['Arn'], `${where}.Arn`);
  const to = receiverOf(arn, reading, where);
  if (to === undefined) {
    reading.notice(`${rule.logicalId}: its target ${arn} gets nothing here: only queues and functions of the stack do`);
    return [];
  }
  const id = textAt(target['Id'], `${where}.Id`);
  return [{ id, arn, to, input: readInput(target, where) }];
}

function receiverOf(arn: string, reading: StackReading, where: string): StackRuleTarget['to'] | undefined {
  const service = arn.split(':')[2];
  if (service === 'sqs') return readQueues(reading).some((queue) => queue.arn === arn) ? { kind: 'queue' } : undefined;
  if (service !== 'lambda') return undefined;
  const functionName = functionNamed(arn, reading, where);
  return isRunHere(functionName, reading) ? { kind: 'function', functionName } : undefined;
}

function readInput(target: JsonObject, where: string): TargetInput {
  const json = optionalTextAt(target['Input'], `${where}.Input`);
  if (json !== undefined) return { kind: 'constant', json };
  const path = optionalTextAt(target['InputPath'], `${where}.InputPath`);
  if (path !== undefined) return { kind: 'path', path };
  if (target['InputTransformer'] === undefined) return { kind: 'event' };
  const transformer = objectAt(target['InputTransformer'], `${where}.InputTransformer`);
  const paths = Object.entries(objectAt(transformer['InputPathsMap'], `${where}.InputPathsMap`)).map(
    ([name, value]) => [name, textAt(value, `${where}.InputPathsMap.${name}`)] as const,
  );
  const template = textAt(transformer['InputTemplate'], `${where}.InputTemplate`);
  return { kind: 'template', paths: Object.fromEntries(paths), template };
}
