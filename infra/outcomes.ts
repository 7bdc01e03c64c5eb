import { EventBus, type IEventBusRef, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { OUTCOME_SOURCE, OUTCOME_TYPES, type Outcomes } from '../shared/delivery/outcome.ts';
import { nearestName } from '../shared/settings.ts';
import { InvalidProps } from './resolve-props.ts';
import { serviceNameOf } from './service-name.ts';
import type { OutcomeName } from './webhook-delivery-props.ts';

const OUTCOME_NAMES: readonly string[] = Object.values(OUTCOME_TYPES);

/** The bus that outcomes are announced on. */
export function outcomeBusOf(scope: Construct, given: IEventBusRef | string = 'default'): IEventBusRef {
  if (typeof given !== 'string') return given;
  if (given.startsWith('arn:')) return EventBus.fromEventBusArn(scope, 'OutcomeBus', given);
  return EventBus.fromEventBusName(scope, 'OutcomeBus', given);
}

/**
 * Lets a function put the events of outcomes on this bus, and nothing that could be taken for anybody else's. To IAM the source of
 * a call is a list, and "all of none" holds of an empty one: it must be there, too.
 */
export function allowAnnouncing(lambdaFunction: LambdaFunction, bus: IEventBusRef): void {
  lambdaFunction.addToRolePolicy(
    new PolicyStatement({
      actions: ['events:PutEvents'],
      resources: [bus.eventBusRef.eventBusArn],
      conditions: {
        'ForAllValues:StringEquals': { 'events:source': OUTCOME_SOURCE },
        Null: { 'events:source': 'false' },
      },
    }),
  );
}

/** A rule that hands the construct's own outcomes of these kinds to a target. */
export function ruleOnOutcome(
  scope: Construct,
  {
    bus,
    wanted,
    names,
    target,
  }: { bus: IEventBusRef; wanted: Outcomes; names: readonly OutcomeName[]; target: IRuleTarget },
): Rule {
  // Apps that strip their types are not checked by them, and a rule that matches nothing wakes nobody.
  const unknown = names.filter((name) => !OUTCOME_NAMES.includes(name));
  if (unknown.length > 0) {
    throw new InvalidProps(
      unknown.map((name) => {
        const nearest = nearestName(name, OUTCOME_NAMES);
        return `onOutcome: '${name}' is no outcome${nearest === undefined ? '' : `: did you mean '${nearest}'?`}`;
      }),
    );
  }
  const never = names.filter((name) => wanted === 'none' || (wanted === 'failures' && name === 'Webhook Delivered'));
  if (names.length === 0 || never.length > 0) {
    throw new InvalidProps([
      names.length === 0
        ? 'onOutcome needs at least one outcome'
        : `onOutcome('${never.join("', '")}') would get nothing: outcomes is '${wanted}'`,
    ]);
  }
  return new Rule(scope, freeId(scope, `On${names.join('').replaceAll(/[^A-Za-z]/g, '')}`), {
    description: `Surehook: ${names.join(', ')}`,
    eventBus: bus,
    eventPattern: {
      source: [OUTCOME_SOURCE],
      detailType: [...names],
      // Another construct may announce on the same bus.
      detail: { service: [serviceNameOf(scope)] },
    },
    targets: [target],
  });
}

/** Several targets of one outcome are several rules. */
function freeId(scope: Construct, id: string): string {
  for (let count = 1; ; count++) {
    const free = count === 1 ? id : `${id}${count}`;
    if (scope.node.tryFindChild(free) === undefined) return free;
  }
}
