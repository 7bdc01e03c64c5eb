import type { Mutations } from './mutation.ts';

const PERMISSIONS = 'test/infra/permissions.test.ts';
const STACK = 'test/infra/stack.test.ts';
const ALARMS = 'test/infra/alarms.test.ts';
const HOLDERS = 'test/infra/data-holders.test.ts';
const SETTINGS = 'test/infra/gather-settings.test.ts';
const PROPS = 'infra/resolve-props.ts';
const EGRESS = 'infra/static-egress.ts';

/** Of *Deployed*: the stack, its settings and its dashboard. */
export const DEPLOYED_STACK: Mutations = {
  'DEP-05': [
    {
      in: 'infra/delivery-function.ts',
      from: '  logGroup.grantWrite(role);',
      to: `  logGroup.grantWrite(role);
  role.addToPolicy(new PolicyStatement({ actions: ['logs:*'], resources: ['*'] }));`,
      fails: [{ shownBy: PERMISSIONS, title: ' may do its work and nothing else' }],
    },
  ],
  'DEP-06': [
    {
      in: PROPS,
      from: 'RetentionDays.ONE_MONTH',
      to: 'RetentionDays.ONE_YEAR',
      fails: [{ shownBy: STACK, title: ' runs on Node 24 and writes JSON into a log group of its own' }],
    },
    {
      in: 'shared/observe/log.ts',
      from: 'origin: redactUrl(facts.url)',
      to: 'origin: facts.url',
      fails: [
        {
          shownBy: 'test/shared/observe/log.test.ts',
          title: 'the line of an attempt says which, what and when, and holds no secret',
        },
      ],
    },
  ],
  'DEP-07': [
    {
      in: PROPS,
      from: 'queues: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE',
      to: 'queues: RemovalPolicy.DESTROY',
      fails: [{ shownBy: STACK, title: ' is encrypted, speaks TLS only, and stays when the stack goes' }],
    },
  ],
  'DEP-14': [
    {
      in: 'docs/runbook.md',
      from: 'if [ "$(output DatabaseKind)" != new ]',
      to: 'if [ "$(output DatabaseKind)" = nothing ]',
      fails: [
        {
          shownBy: 'test/infra/runbook.test.ts',
          title: ' that is an application’s is refused: nothing is changed anywhere',
        },
      ],
    },
  ],
  'DEP-16': [
    {
      in: EGRESS,
      from: `    natGateways,
    natGatewayProvider`,
      to: `    natGateways: Math.min(natGateways, 1),
    natGatewayProvider`,
      fails: [
        {
          shownBy: 'test/infra/static-egress.test.ts',
          title: 'has as many addresses as are asked for, each in a zone of its own',
        },
      ],
    },
  ],
  'DEP-17': [
    {
      in: 'shared/egress/private-receivers.ts',
      from: 'const within = NAMEABLE.some((nameable) => contains(nameable, range));',
      to: 'const within = NAMEABLE.length > 0;',
      fails: [{ shownBy: 'test/shared/egress/private-receivers.test.ts', title: ' cannot be named' }],
    },
    {
      in: 'shared/egress/private-receivers.ts',
      from: 'return innerPrefix >= prefix && address',
      to: 'return innerPrefix >= 0 && address',
      fails: [{ shownBy: 'test/shared/egress/private-receivers.test.ts', title: ' cannot be named' }],
    },
  ],
  'DEP-18': [
    {
      in: 'infra/watched-metrics.ts',
      from: 'dimensionsMap: { service }',
      to: `dimensionsMap: { service: 'Surehook' }`,
      fails: [
        {
          shownBy: ALARMS,
          title: 'and the dashboard watch the construct they are part of, and no other of the account',
        },
      ],
    },
  ],
  'DEP-20': [
    {
      in: 'infra/gather-settings.ts',
      from: 'const faults = settingsFaults(file.content);',
      to: 'const faults: string[] = [];',
      fails: [{ shownBy: SETTINGS, title: ' are refused, with the nearest name' }],
    },
    {
      in: 'infra/gather-settings.ts',
      from: '...tellOver(file, fromFlags, (path) => `-c ${path}`),',
      to: '',
      fails: [
        {
          shownBy: SETTINGS,
          title: 'of the environment win over the file, flags over both, and each that does is told',
        },
      ],
    },
  ],
  'DEP-31': [
    {
      in: 'infra/function-code.ts',
      from: 'chmodSync(bundle, 0o644)',
      to: 'chmodSync(bundle, 0o600)',
      fails: [
        { shownBy: 'test/infra/synth.test.ts', title: 'has bundles that everybody may read, whatever the umask' },
      ],
    },
  ],
  'DEP-24': [
    {
      in: 'infra/functions.ts',
      from: `allow(widget, 'lambda:InvokeFunction', inspect.functionArn);`,
      to: `allow(widget, 'lambda:InvokeFunction', inspect.functionArn);
  allow(widget, 'lambda:InvokeFunction', operate.functionArn);`,
      fails: [{ shownBy: PERMISSIONS, title: ' may do its work and nothing else' }],
    },
  ],
  'DEP-28': [
    {
      in: 'infra/queues.ts',
      from: `source('IntakeQueue', enqueue`,
      to: `source('Intake', enqueue`,
      fails: [
        {
          shownBy: HOLDERS,
          title: 'leaves what holds data where it is, and what would replace it as it is',
          throws: 'mismatched',
        },
      ],
    },
    {
      in: 'scripts/release.ts',
      from: 'return Object.entries(before).flatMap(',
      to: 'return Object.entries(before).slice(1_000).flatMap(',
      fails: [
        {
          shownBy: 'test/scripts/release.test.ts',
          title: 'tags nothing that would lose what the release before it holds, and looks at the last one alone',
        },
      ],
    },
  ],
  'DEP-29': [
    {
      in: 'scripts/data-holders.ts',
      from: `    'KmsKeyId',
`,
      to: '',
      fails: [{ shownBy: HOLDERS, title: ' and that is seen' }],
    },
  ],
  'DEP-30': [
    {
      in: 'infra/alarm-faults.ts',
      from: 'if (!ALARM_NAMES.some((known) => known === name))',
      to: `if (name === '')`,
      fails: [
        {
          shownBy: 'test/infra/resolve-props.test.ts',
          title: 'refuse an alarm that there is not: somebody would believe it to be off',
        },
      ],
    },
    {
      in: 'infra/database-windows.ts',
      from: 'LEAST_MINUTES = 30',
      to: 'LEAST_MINUTES = 29',
      fails: [{ shownBy: 'test/infra/database-windows.test.ts', title: ' is refused' }],
    },
    {
      in: 'infra/imported-webhook-delivery.ts',
      from: '/^[\\w-]{1,64}$/',
      to: '/./',
      fails: [{ shownBy: 'test/infra/imported-webhook-delivery.test.ts', title: ' cannot be theirs' }],
    },
  ],
};
