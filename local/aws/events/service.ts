import type { AwsService } from '../aws-service.ts';
import { operationsService, ServiceFault, type ServiceOperation } from '../service-fault.ts';
import type { StackEventBus, StackRule, StackRuleTarget } from '../../template/stack-description.ts';
import { StartError } from '../../start-error.ts';
import type { Timers } from '../../timers.ts';
import type { JsonObject } from '../../json-object.ts';
import { matchesPattern, whyNotAPattern } from './event-pattern.ts';
import { KeptEvents, type KeptEvent } from './kept-events.ts';
import { type BusEvent, busNameOf, entryBytes, type EventPlace, judgeEntry, scheduledEvent } from './put-events.ts';
import { startSchedule } from './schedule.ts';
import { targetText } from './target-input.ts';

export type { KeptEvent } from './kept-events.ts';
export { busNameOf } from './put-events.ts';

export type EventBridgeOptions = EventPlace & {
  rules: readonly StackRule[];
  buses: readonly StackEventBus[];
  timers: Timers;
  /** Hands a target what it gets for an event; EventBridge does not wait for it. */
  deliver: (target: StackRuleTarget, text: string) => void;
};

export type EventBridge = {
  service: AwsService;
  /** What PutEvents accepted, newest first. */
  events(): KeptEvent[];
  /** Lets time reach the rules that have a rate. */
  begin(): void;
  stop(): void;
};

/** "Maximum number of 10 items." (PutEvents, Entries) */
const MAX_ENTRIES = 10;
/** "The total entry size must be less than 1 MB." (PutEvents; 256 KB until January 2026) */
const MAX_BYTES = 1024 * 1024;

/**
 * EventBridge of one account and region: the rules of the template, over what is put and over time. Throws StartError for a
 * pattern that EventBridge would refuse.
 */
export function createEventBridge(options: EventBridgeOptions): EventBridge {
  const { rules, buses, timers, deliver } = options;
  const kept = new KeptEvents();
  const stops: (() => void)[] = [];
  const busNames = buses.map(({ name }) => name);
  for (const { logicalId, pattern = {} } of rules) {
    const why = whyNotAPattern(pattern);
    if (why !== undefined) throw new StartError(`${logicalId}.EventPattern: ${why}`);
  }

  function tell(rule: StackRule, event: BusEvent): void {
    const about = { ruleArn: rule.ruleArn, ruleName: rule.ruleName, ingestedAtMs: timers.nowMs() };
    for (const target of rule.targets) deliver(target, targetText(target.input, event, about));
  }

  function put(entry: unknown): JsonObject {
    const judged = judgeEntry(entry, { ...options, nowMs: timers.nowMs(), busNames });
    if (judged.kind === 'refused') return { ErrorCode: judged.code, ErrorMessage: judged.message };
    kept.add(judged.event);
    for (const rule of rules) {
      const isAsked = rule.enabled && rule.busName === judged.busName && rule.pattern !== undefined;
      if (isAsked && matchesPattern(rule.pattern ?? {}, judged.event)) tell(rule, judged.event);
    }
    return { EventId: judged.event.id };
  }

  const operations: Record<string, ServiceOperation> = {
    PutEvents(input) {
      const entries = input['Entries'];
      if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_ENTRIES) {
        throw new ServiceFault('ValidationException', `Entries must be a list of 1 to ${MAX_ENTRIES}.`);
      }
      if (entries.reduce<number>((bytes, one) => bytes + entryBytes(one), 0) >= MAX_BYTES) {
        throw new ServiceFault('ValidationException', 'Total size of the entries in the request is over the limit.');
      }
      const answers = entries.map(put);
      return { FailedEntryCount: answers.filter((answer) => 'ErrorCode' in answer).length, Entries: answers };
    },
    ...looks(options),
  };
  return {
    service: operationsService({ version: '1.1', serviceName: 'EventBridge', targetPrefix: 'AWSEvents.', operations }),
    events: () => kept.newestFirst(),
    begin() {
      for (const rule of rules) {
        const { everyMs, enabled, ruleArn } = rule;
        if (everyMs === undefined || !enabled) continue;
        const due = (): void => tell(rule, scheduledEvent(ruleArn, { ...options, nowMs: timers.nowMs() }));
        stops.push(startSchedule({ everyMs, due, timers }));
      }
    },
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

/** What shows the rules, and changes nothing. */
function looks({ rules, buses }: Pick<EventBridgeOptions, 'rules' | 'buses'>): Record<string, ServiceOperation> {
  return {
    ListEventBuses: () => ({ EventBuses: buses.map(({ name, arn }) => ({ Name: name, Arn: arn })) }),
    ListRules(input) {
      const prefix = typeof input['NamePrefix'] === 'string' ? input['NamePrefix'] : '';
      const ofBus = rules.filter(({ busName }) => busName === busNameOf(input['EventBusName']));
      return { Rules: ofBus.filter(({ ruleName }) => ruleName.startsWith(prefix)).map(describedRule) };
    },
    ListTargetsByRule(input) {
      const named = rules.find(
        ({ ruleName, busName }) => ruleName === input['Rule'] && busName === busNameOf(input['EventBusName']),
      );
      if (named !== undefined) return { Targets: named.targets.map(({ id, arn }) => ({ Id: id, Arn: arn })) };
      throw new ServiceFault('ResourceNotFoundException', `Rule ${String(input['Rule'])} does not exist.`);
    },
  };
}

function describedRule({ ruleName, ruleArn, busName, everyMs, pattern, enabled }: StackRule): JsonObject {
  return {
    Name: ruleName,
    Arn: ruleArn,
    EventBusName: busName,
    State: enabled ? 'ENABLED' : 'DISABLED',
    ScheduleExpression: everyMs === undefined ? undefined : `rate(${everyMs / 60_000} minutes)`,
    EventPattern: pattern === undefined ? undefined : JSON.stringify(pattern),
  };
}
