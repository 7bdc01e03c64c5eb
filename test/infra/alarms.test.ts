// Real: the template of the stack, docs/runbook.md, the metrics that shared/observe/metric-names.ts declares.
import { readFileSync } from 'node:fs';
import { Duration, Stack } from 'aws-cdk-lib';
import { OpsItemSeverity, SsmAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ATTEMPT_DURATION,
  COUNTED,
  DEAD_LETTERS,
  EVERY_SWEEP,
  METRICS_NAMESPACE,
  GAUGES,
  OLDEST_DUE_AGE,
  STANDING_DEAD_LETTERS,
} from '../../shared/observe/metric-names.ts';
import { ALARM_NAMES } from '../../infra/stack-settings.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { ALARM_HEADINGS, REPORTED } from '../support/stack/alarm-facts.ts';
import { appWithoutBundles, resourcesOf, templateOf, theResource } from '../support/stack/synthesized-stack.ts';

type AlarmProperties = {
  /** Text and references, see alarm-links.test.ts. */
  AlarmDescription: unknown;
  MetricName?: string;
  Namespace?: string;
  TreatMissingData: string;
  Threshold: number;
  DatapointsToAlarm: number;
  EvaluationPeriods: number;
  AlarmActions?: unknown[];
  OKActions?: unknown[];
  Metrics?: { Expression?: string; MetricStat?: { Metric: { MetricName: string; Namespace: string } } }[];
};

const existing = {
  kind: 'existing',
  clusterIdentifier: 'app',
  secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
  databaseName: 'app',
} as const;

let template: Template;
let alarms: Map<string, AlarmProperties>;

beforeAll(() => {
  template = templateOf({ alarmEmail: 'on-call@example.com' });
  const found = [...resourcesOf(template, 'AWS::CloudWatch::Alarm')];
  alarms = new Map(found.map(([id, { Properties }]) => [id, Properties as AlarmProperties]));
});

function metricsOf(
  alarm: Pick<AlarmProperties, 'MetricName' | 'Namespace' | 'Metrics'>,
): { name: string; namespace: string }[] {
  const single = { MetricName: alarm.MetricName ?? '', Namespace: alarm.Namespace ?? '' };
  const all = alarm.Metrics?.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : [])) ?? [single];
  return all.map(({ MetricName, Namespace }) => ({ name: MetricName, namespace: Namespace }));
}

describe('the alarms', () => {
  test('each have a heading in the runbook, and each heading there an alarm', () => {
    const linked = [...alarms.values()].map(
      ({ AlarmDescription }) => /runbook\.md#([\w-]+)/.exec(JSON.stringify(AlarmDescription))?.[1] ?? '',
    );
    expect([...new Set(linked)].toSorted()).toEqual(ALARM_HEADINGS.toSorted());
  });

  test('are as many as docs/deploy.md counts', () => {
    const deploy = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    expect(deploy).toContain(`${alarms.size} alarms, a dashboard`);
  });

  test('watch only metrics that functions report', () => {
    const own = [...alarms.values()].flatMap(metricsOf).filter(({ namespace }) => namespace === METRICS_NAMESPACE);
    expect(own.length).toBeGreaterThan(0);
    for (const { name } of own) expect(REPORTED).toContain(name);
  });

  test('take three silent periods of the sweep for a fault, and no other silence', () => {
    const others = [...alarms].filter(([, { TreatMissingData }]) => TreatMissingData !== 'notBreaching');
    expect(others.map(([id, { TreatMissingData }]) => [id.replace(/Alarm.*/, ''), TreatMissingData])).toEqual([
      // A state that stays as it is until the sweep reports again; the other tells that it is silent.
      ['SurehookStandingDeadLetters', 'ignore'],
      ['SurehookOldestDue', 'ignore'],
    ]);
    const { resource } = theResource(template, 'AWS::CloudWatch::Alarm', 'SurehookOldestDue');
    expect(resource.Properties).toMatchObject({
      Threshold: 900,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 3,
      Metrics: [{ Expression: 'FILL(age, 900)' }, { MetricStat: { Period: 300 } }],
    });
  });

  test('each go off at a figure of their own metric, in so many periods of five minutes out of so many', () => {
    const told = [...alarms].map(([id, alarm]) => {
      const { Threshold, DatapointsToAlarm, EvaluationPeriods } = alarm;
      const watched = metricsOf(alarm).map(({ name }) => name);
      return `${id.replace(/^Surehook|Alarm.*/g, '')}: ${watched.join(' ')} from ${Threshold}, ${DatapointsToAlarm} of ${EvaluationPeriods}`;
    });
    expect(told.toSorted()).toEqual([
      'Credentials: CredentialsUnusable from 1, 1 of 1',
      'DatabaseCapacity: ACUUtilization from 90, 3 of 3',
      'DeadLetters: DeadLetters from 1, 1 of 1',
      'DeliverErrors: Errors from 1, 1 of 1',
      'DeliverThrottles: Throttles from 1, 2 of 3',
      'DeliveryDeadLetterQueue: ApproximateNumberOfMessagesVisible from 1, 1 of 1',
      'EndpointDown: OldestDownAge from 3600, 1 of 1',
      'EnqueueErrors: Errors EnqueueMistakes from 1, 2 of 3',
      'EnqueueThrottles: Throttles from 1, 2 of 3',
      'InspectErrors: Errors InspectMistakes from 1, 2 of 3',
      'IntakeRejects: ApproximateNumberOfMessagesVisible from 1, 1 of 1',
      'InternalFaults: InternalFaults from 1, 2 of 3',
      'MigrateErrors: Errors from 1, 1 of 1',
      'OldestDue: OldestDueAge from 900, 3 of 3',
      'OperateErrors: Errors OperateMistakes from 1, 2 of 3',
      'OutcomesUnannounced: OldestUnannouncedAge from 900, 1 of 1',
      'RecursiveInvocationsDropped: RecursiveInvocationsDropped from 1, 1 of 1',
      'StandingDeadLetters: StandingDeadLetters from 1, 1 of 1',
      'SweepErrors: Errors from 1, 1 of 1',
    ]);
  });

  test('of the dead-letter queues watch those queues, and no message that only waits', () => {
    const watched = ['IntakeRejects', 'DeliveryDeadLetterQueue'].map((id) => {
      const { Properties } = theResource(template, 'AWS::CloudWatch::Alarm', `Surehook${id}`).resource;
      return JSON.stringify(Properties['Dimensions']);
    });
    expect(watched).toEqual([
      expect.stringContaining('IntakeDeadLetter'),
      expect.stringContaining('DeliveryDeadLetter'),
    ]);
  });

  test('ask for no unit: one that does not match would find no data, for ever', () => {
    expect([...alarms].filter(([, alarm]) => JSON.stringify(alarm).includes('"Unit"'))).toEqual([]);
  });

  test('and the dashboard watch the construct they are part of, and no other of the account', () => {
    const stack = new Stack(appWithoutBundles(), 'Acme');
    for (const id of ['Staging', 'Production']) new WebhookDelivery(stack, id, { database: existing });
    const both = Template.fromStack(stack);
    for (const [id, other] of [
      ['Staging', 'Production'],
      ['Production', 'Staging'],
    ] as const) {
      const own = Object.entries(both.toJSON()['Resources'] as Record<string, object>).filter(([name]) =>
        name.startsWith(id),
      );
      const text = JSON.stringify(own);
      expect(text).toContain(`Acme/${id}`);
      expect(text).not.toContain(`Acme/${other}`);
      const services = [...text.matchAll(/"Name":"service","Value":"([^"]+)"/g)].map(([, service]) => service);
      expect(new Set(services)).toEqual(new Set([`Acme/${id}`]));
      const functions = [...resourcesOf(both, 'AWS::Lambda::Function')].filter(([name]) => name.startsWith(id));
      expect(functions.length).toBeGreaterThan(4);
      for (const [, { Properties }] of functions) {
        expect(Properties).toMatchObject({ Environment: { Variables: { POWERTOOLS_SERVICE_NAME: `Acme/${id}` } } });
      }
    }
    // And the same construct in another stack: staging beside production.
    const elsewhere = new Stack(appWithoutBundles(), 'AcmeStaging');
    new WebhookDelivery(elsewhere, 'Production', { database: existing });
    expect(JSON.stringify(Template.fromStack(elsewhere).toJSON())).not.toContain('Acme/Production');
  });

  test('page nobody for what a caller sent wrongly', () => {
    const subtracting = [...alarms].filter(([, { Metrics }]) => Metrics?.[0]?.Expression?.includes('errors') === true);
    const watched = subtracting.map(([id, alarm]) => [id.replace(/ErrorsAlarm.*/, ''), metricsOf(alarm)]);
    expect(watched).toEqual(
      ['Enqueue', 'Inspect', 'Operate'].map((name) => [
        `Surehook${name}`,
        [
          { name: 'Errors', namespace: 'AWS/Lambda' },
          { name: `${name}Mistakes`, namespace: METRICS_NAMESPACE },
        ],
      ]),
    );
    for (const [, { Metrics }] of subtracting) expect(Metrics?.[0]?.Expression).toBe('errors - FILL(mistakes, 0)');
  });

  // CloudWatch gives an expression no value as long as one of its metrics has none, and fills only what has been reported before.
  test('are blind for no metric that was never reported: an expression adds to its own only what every sweep reports', () => {
    const steady: readonly string[] = EVERY_SWEEP;
    const others = [...alarms].flatMap(([id, alarm]) =>
      alarm.Metrics?.[0]?.Expression === undefined
        ? []
        : [[id.replace(/Alarm.*/, ''), metricsOf(alarm).filter(({ name }) => !steady.includes(name))]],
    );
    const errors = [{ name: 'Errors', namespace: 'AWS/Lambda' }];
    expect(Object.fromEntries(others)).toEqual({
      SurehookOldestDue: [],
      SurehookEnqueueErrors: errors,
      SurehookInspectErrors: errors,
      SurehookOperateErrors: errors,
    });
  });

  test('and their ends are mailed through a topic that CloudWatch may publish to', () => {
    const { id } = theResource(template, 'AWS::SNS::Topic');
    for (const { AlarmActions, OKActions } of alarms.values()) {
      expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: [{ Ref: id }], OKActions: [{ Ref: id }] });
    }
    const policy = theResource(template, 'AWS::SNS::TopicPolicy').resource.Properties['PolicyDocument'];
    expect(policy).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
        }),
      ]),
    });
  });

  test('are properties by their names, and the prop of the same name leaves single ones out', () => {
    const alarmsOf = (props: WebhookDeliveryProps) => {
      const stack = new Stack(appWithoutBundles(), 'Acme');
      const { alarms: made } = new WebhookDelivery(stack, 'Webhooks', { database: existing, ...props });
      return { made, inTemplate: resourcesOf(Template.fromStack(stack), 'AWS::CloudWatch::Alarm').size };
    };
    const all = alarmsOf({});
    expect(Object.keys(all.made)).toEqual([...ALARM_NAMES]);
    expect(all.made.deadLetters?.node.id).toBe('DeadLettersAlarm');
    const fewer = alarmsOf({ alarms: { inspectErrors: false, oldestDue: true } });
    expect([fewer.made.inspectErrors, fewer.inTemplate]).toEqual([undefined, all.inTemplate - 1]);
    const none = alarmsOf({ alarms: Object.fromEntries(ALARM_NAMES.map((name) => [name, false])) });
    expect([Object.keys(none.made), none.inTemplate]).toEqual([[], 0]);
  });

  test('do what else they are told when they go off, and tell their ends to the topic alone', () => {
    const topic = 'arn:aws:sns:eu-central-1:111122223333:on-call';
    const made = templateOf({ alarmTopicArn: topic, alarmActions: [new SsmAction(OpsItemSeverity.HIGH)] });
    for (const { Properties } of resourcesOf(made, 'AWS::CloudWatch::Alarm').values()) {
      expect(Properties['OKActions']).toEqual([topic]);
      expect(Properties['AlarmActions']).toEqual([topic, expect.objectContaining({ 'Fn::Join': expect.anything() })]);
    }
    expect(resourcesOf(made, 'AWS::SNS::Topic').size).toBe(0);
  });

  test('and dashboards of others can watch the same metrics, of this construct alone', () => {
    const webhooks = new WebhookDelivery(new Stack(appWithoutBundles(), 'Acme'), 'Webhooks', { database: existing });
    const metrics = [
      webhooks.metricDeliveriesAccepted(),
      webhooks.metricDeliveriesSucceeded(),
      webhooks.metricAttemptsFailed(),
      webhooks.metricAttemptDuration(),
      webhooks.metricDeadLetters(),
      webhooks.metricStandingDeadLetters(),
      webhooks.metricOldestDueAge(),
      webhooks.metricEndpointsDown(),
      webhooks.metricDeliveriesHeld(),
      webhooks.metricIntakeRejected(),
      webhooks.metricInternalFaults(),
    ];
    for (const { namespace, dimensions } of metrics) {
      expect([namespace, dimensions]).toEqual([METRICS_NAMESPACE, { service: 'Acme/Webhooks' }]);
    }
    const own = [...COUNTED, ...GAUGES, DEAD_LETTERS, ATTEMPT_DURATION, OLDEST_DUE_AGE, STANDING_DEAD_LETTERS];
    expect(own).toEqual(expect.arrayContaining(metrics.map(({ metricName }) => metricName)));
    const day = Duration.days(1);
    expect(webhooks.metricDeadLetters({ period: day }).period.toSeconds()).toBe(86_400);
  });

  test('watch from the thresholds that are asked for', () => {
    const patient = templateOf({ alarmThresholds: { deadLetters: 25, oldestDueAgeSeconds: 3600 } });
    const threshold = (id: string): unknown =>
      theResource(patient, 'AWS::CloudWatch::Alarm', `Surehook${id}Alarm`).resource.Properties['Threshold'];
    expect([threshold('DeadLetters'), threshold('OldestDue'), threshold('DatabaseCapacity')]).toEqual([25, 3600, 90]);
  });
});
