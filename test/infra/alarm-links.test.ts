// What an alarm tells its reader. Real: the template CDK makes of the stack, and the twin's reader of templates, which follows
// references and conditions as CloudFormation does. The functions' code is left out.
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { WebhookDeliveryStack } from '../../infra/stack.ts';
import type { WebhookDeliveryProps } from '../../infra/webhook-delivery-props.ts';
import { WebhookDelivery } from '../../infra/webhook-delivery.ts';
import { VERSION } from '../../shared/runtime/version.ts';
import { ACCOUNT, DeployedTemplate } from '../support/stack/deployed-template.ts';
import { appWithoutBundles, resourcesOf, templateOf } from '../support/stack/synthesized-stack.ts';

const PLACES = [
  { partition: 'aws', region: 'eu-central-1', urlSuffix: 'amazonaws.com', console: 'console.aws.amazon.com' },
  {
    partition: 'aws-us-gov',
    region: 'us-gov-west-1',
    urlSuffix: 'amazonaws.com',
    console: 'console.amazonaws-us-gov.com',
  },
  { partition: 'aws-cn', region: 'cn-northwest-1', urlSuffix: 'amazonaws.com.cn', console: 'console.amazonaws.cn' },
];
type Place = (typeof PLACES)[number];

/** The lines of an alarm's description by their label, the first under ''. */
function alarm(deployed: DeployedTemplate, id: string): Map<string, string> {
  const { properties, resolve } = deployed.the('AWS::CloudWatch::Alarm', `${id}Alarm`);
  const [says = '', list = ''] = String(resolve(properties['AlarmDescription'])).split('\n\n');
  const lines = list.split('\n').map((line) => /^- (?<label>[^:]+): (?<url>.+)$/.exec(line)?.groups ?? {});
  return new Map([['', says], ...lines.map(({ label = '?', url = '?' }) => [label, url] as const)]);
}

function alarmIds(deployed: DeployedTemplate): string[] {
  const ids = deployed.ofType('AWS::CloudWatch::Alarm').map(({ logicalId }) => logicalId);
  return ids.map((logicalId) => /^Surehook(\w+)Alarm[0-9A-F]{8}$/.exec(logicalId)?.[1] ?? logicalId);
}

describe.each([
  ['in a stack that may be deployed anywhere', (_place: Place) => templateOf()],
  [
    'in a stack whose region is known',
    ({ region }: Place) => {
      const app = appWithoutBundles();
      // As a new CDK app has it: the partition of a known region is then known as well.
      app.node.setContext('@aws-cdk/core:enablePartitionLiterals', true);
      return Template.fromStack(
        new WebhookDeliveryStack(app, 'WebhookDelivery', { env: { account: ACCOUNT, region } }),
      );
    },
  ],
])('alarms %s', (_where, synthesized) => {
  test.each(PLACES)('open the console of $partition in its region', (place) => {
    const deployed = new DeployedTemplate(synthesized(place), place);
    expect(alarmIds(deployed).length).toBeGreaterThan(10);
    for (const id of alarmIds(deployed)) {
      const [says, runbook, ...links] = [...alarm(deployed, id)];
      expect([says?.[0], runbook?.[0], links.length > 0]).toEqual(['', 'Runbook', true]);
      for (const [, link] of links) {
        const { host, searchParams } = new URL(link);
        expect([host, searchParams.get('region')]).toEqual([`${place.region}.${place.console}`, place.region]);
      }
    }
    expect(deployed.outputs['DashboardUrl']).toBe(
      `https://${place.region}.${place.console}/cloudwatch/home?region=${place.region}#dashboards/dashboard/` +
        deployed.nameOf('AWS::CloudWatch::Dashboard', 'Dashboard'),
    );
  });

  test.each(PLACES)('lead to their queue, logs, function and database: $partition', (place) => {
    const deployed = new DeployedTemplate(synthesized(place), place);
    const page = (service: string): string =>
      `https://${place.region}.${place.console}/${service}/home?region=${place.region}`;
    const queueName = deployed.nameOf('AWS::SQS::Queue', 'DeliveryDeadLetterQueue');
    const queueUrl = `https://sqs.${place.region}.${place.urlSuffix}/${ACCOUNT}/${queueName}`;
    const logGroup = deployed.nameOf('AWS::Logs::LogGroup', 'DeliverLogs');
    const deliver = deployed.nameOf('AWS::Lambda::Function', 'Deliver');
    expect([...alarm(deployed, 'DeliveryDeadLetterQueue').values()].slice(2)).toEqual([
      `${page('sqs/v3')}#/queues/${encodeURIComponent(queueUrl)}`,
      `${page('cloudwatch')}#logsV2:log-groups/log-group/${logGroup}`,
    ]);
    expect(alarm(deployed, 'DeliverErrors').get('Function deliver')).toBe(`${page('lambda')}#/functions/${deliver}`);
    expect(alarm(deployed, 'DatabaseCapacity').get('Database')).toMatch(/#database:id=[a-z0-9-]+;is-cluster=true$/);
  });
});

describe('the runbook', () => {
  const [place] = PLACES as [Place];
  const runbookOf = (props: WebhookDeliveryProps): string | undefined =>
    alarm(new DeployedTemplate(templateOf(props), place), 'OldestDue').get('Runbook');

  test('is linked where a team keeps it', () => {
    expect(runbookOf({ runbookUrl: 'https://wiki.example.com/webhooks?page=runbook' })).toBe(
      'https://wiki.example.com/webhooks?page=runbook#oldest-due-delivery',
    );
  });

  test('is otherwise named by its file, its package and the version that is deployed', () => {
    expect(runbookOf({})).toBe(`docs/runbook.md#oldest-due-delivery in the package surehook ${VERSION}`);
  });
});

describe('a description', () => {
  const PSEUDO: Record<string, number> = { 'AWS::Region': 14, 'AWS::AccountId': 12, 'AWS::URLSuffix': 16 };
  const NAMES: Record<string, number> = {
    'AWS::Lambda::Function': 64,
    'AWS::SQS::Queue': 80,
    'AWS::RDS::DBCluster': 63,
  };

  type Given = { stackName: string; constructId: string; runbookUrl?: string };

  /** The longest texts that CloudFormation could make of the alarms' descriptions. */
  function longestDescriptions({ stackName, constructId, runbookUrl }: Given): string[] {
    const stack = new Stack(appWithoutBundles(), stackName);
    const database = {
      kind: 'existing',
      clusterIdentifier: 'app',
      secretArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:app-AbCdEf',
      databaseName: 'app',
    } as const;
    void new WebhookDelivery(stack, constructId, { database, ...(runbookUrl !== undefined && { runbookUrl }) });
    const template = Template.fromStack(stack);
    const { Resources } = template.toJSON() as { Resources: Record<string, { Type: string } | undefined> };

    const longestName = (id: string): string => {
      const type = Resources[id]?.Type ?? '';
      if (type === 'AWS::Logs::LogGroup') return `${stackName}-${id}-ABCDEFGHIJKL`;
      const characters = PSEUDO[id] ?? NAMES[type];
      if (characters === undefined) throw new Error(`${id} in a description`);
      return 'x'.repeat(characters);
    };
    const longestText = (value: unknown): string => {
      if (typeof value === 'string') return value;
      const [[intrinsic, argument] = ['', undefined]] = Object.entries(value as Record<string, unknown>);
      const parts = argument as unknown[];
      switch (intrinsic) {
        case 'Fn::Join':
          return (parts[1] as unknown[]).map(longestText).join(String(parts[0]));
        case 'Fn::If':
          return parts
            .slice(1)
            .map(longestText)
            .reduce((a, b) => (a.length < b.length ? b : a));
        case 'Fn::GetAtt':
          return longestName(String(parts[0]));
        case 'Ref':
          return longestName(String(argument));
        default:
          throw new Error(`${intrinsic} in a description`);
      }
    };
    const alarms = [...resourcesOf(template, 'AWS::CloudWatch::Alarm').values()];
    return alarms.map(({ Properties }) => longestText(Properties['AlarmDescription']));
  }

  const longestOf = (texts: string[]): number => Math.max(...texts.map(({ length }) => length));

  test('is never longer than CloudWatch takes, however long the names are', () => {
    const texts = longestDescriptions({
      stackName: 'S'.repeat(128),
      constructId: 'C'.repeat(200),
      runbookUrl: `https://wiki.example.com/${'r'.repeat(231)}`,
    });
    expect(longestOf(texts)).toBeLessThanOrEqual(1024);
    expect(texts.filter((text) => !text.includes('\n- Runbook: https://wiki.example.com/'))).toEqual([]);
    // Even then most have a link: what did not fit was the last, not the first.
    expect(texts.filter((text) => text.split('\n- ').length > 2).length).toBeGreaterThan(texts.length / 2);
  });

  test('has room for every link under the names people give', () => {
    const linksOf = (texts: string[]): number[] => texts.map((text) => text.split('\n- ').length - 2);
    const texts = longestDescriptions({ stackName: 'acme-workflows-production', constructId: 'Webhooks' });
    expect(longestOf(texts)).toBeLessThanOrEqual(1024);
    expect(linksOf(texts)).toEqual(linksOf(longestDescriptions({ stackName: 'a', constructId: 'W' })));
    expect(Math.min(...linksOf(texts))).toBeGreaterThan(0);
    // Internal faults: deliver, enqueue and the sweep.
    expect(Math.max(...linksOf(texts))).toBe(3);
  });
});
