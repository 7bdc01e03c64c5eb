// Real: as in grants.test.ts, with a template that lacks a right. These are the controls: what a right is for fails
// without it, and what AWS would refuse to deploy does not start.
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createIam, loadPolicyEngine } from '../../local/aws/iam/iam.ts';
import { ACCOUNT_ID, REGION } from '../../local/twin/twin.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres/test-database.ts';
import { aDelivery } from '../end-to-end/a-delivery.ts';
import { RecordingReceiver } from '../support/receivers/recording-receiver.ts';
import { type Assembly, describeStack, JudgedTwin, synthesizedAssembly } from './grants-world.ts';
import { type Template, withoutRight } from './granted-rights.ts';

let assembly: Assembly;
beforeAll(async () => {
  assembly = await synthesizedAssembly();
});
afterAll(() => assembly?.dispose());

const place = { region: REGION, accountId: ACCOUNT_ID };

async function startWith(template: Template): Promise<void> {
  const stack = describeStack(assembly, template, 'http://127.0.0.1:1');
  await createIam(stack, { ...place, engine: await loadPolicyEngine(place) }).checkDeployment();
}

/** The template less its resources of one type whose logical id begins so. */
function withoutResource(template: Template, type: string, prefix = ''): Template {
  const kept = Object.entries(template.Resources).filter(
    ([id, { Type }]) => Type !== type || !id.startsWith(`Surehook${prefix}`),
  );
  return { ...template, Resources: Object.fromEntries(kept) };
}

describe('a start', () => {
  test('is not refused with the template as it is', async () => {
    await expect(startWith(assembly.template)).resolves.toBeUndefined();
  });

  test.each(
    ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].flatMap((operation) => [
      { of: 'Enqueue', action: `sqs:${operation}`, queue: 'IntakeQueue' },
      { of: 'Deliver', action: `sqs:${operation}`, queue: 'DeliveryQueue' },
    ]),
  )('is refused when $of may not $action: its queue could not be read', async ({ of, action, queue }) => {
    const template = withoutRight(assembly.template, { of, action, resource: new RegExp(`Surehook${queue}[0-9A-F]`) });

    const refused = new RegExp(`the role of \\S*${of}\\S* does not allow ${action} on arn:aws:sqs:\\S*${queue}`);
    await expect(startWith(template)).rejects.toMatchObject({
      name: 'StartError',
      message: expect.stringMatching(refused) as string,
    });
  });

  test('is refused when enqueue may not send to the queue of its given up events', async () => {
    const lost = { of: 'Enqueue', action: 'sqs:SendMessage', resource: /IntakeDeadLetterQueue/ };

    await expect(startWith(withoutRight(assembly.template, lost))).rejects.toThrow(
      /Enqueue\S*: its role does not allow sqs:SendMessage on \S*IntakeDeadLetterQueue\S*, where given up events go/,
    );
  });

  test('is refused when nothing allows EventBridge to run the sweep', async () => {
    await expect(startWith(withoutResource(assembly.template, 'AWS::Lambda::Permission'))).rejects.toThrow(
      /SweepSchedule\S*: no AWS::Lambda::Permission allows events\.amazonaws\.com lambda:InvokeFunction on \S*Sweep/,
    );
  });

  test('is refused when the permission is for another rule', async () => {
    const template = structuredClone(assembly.template);
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type === 'AWS::Lambda::Permission' && Properties) {
        Properties['SourceArn'] = 'arn:aws:events:us-east-1:000000000000:rule/another';
      }
    }
    await expect(startWith(template)).rejects.toThrow('no AWS::Lambda::Permission allows events.amazonaws.com');
  });

  test('is refused when the trigger may not invoke the migration', async () => {
    const template = structuredClone(assembly.template);
    for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
      if (Type === 'AWS::IAM::Role' && id.startsWith('AWSCDKTrigger')) delete Properties?.['Policies'];
    }
    await expect(startWith(template)).rejects.toThrow(
      /AtDeploy\S*: AWSCDKTrigger\S* does not allow lambda:InvokeFunction/,
    );
  });

  test('is refused when Lambda may not assume a role', async () => {
    const template = structuredClone(assembly.template);
    const trusted = JSON.parse(
      JSON.stringify(template.Resources).replaceAll('lambda.amazonaws.com', 'ec2.amazonaws.com'),
    ) as Template['Resources'];
    await expect(startWith({ ...assembly.template, Resources: trusted })).rejects.toThrow(
      /Deliver\S*: its role \S+ cannot be assumed by Lambda/,
    );
  });
});

describe('a delivery', () => {
  const CREDENTIAL = '9a53c1f7-5f0e-4d5e-8a52-0f4a4f1f3b11';
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  /** Runs a twin for the time of `use`. */
  async function running(template: Template, use: (twin: JudgedTwin) => Promise<void>): Promise<void> {
    const twin = await JudgedTwin.build(assembly, database, template);
    try {
      await twin.deploy();
      twin.begin();
      await use(twin);
    } finally {
      await twin.stop();
    }
  }

  function createCredential(twin: JudgedTwin): Promise<unknown> {
    const credential = { credential_type: 'bearer_token', credential_data: { token: 'tok-1' } };
    const Name = `webhook-credentials/7/${CREDENTIAL}`;
    return twin.secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(credential) }));
  }

  const refusals = ({ judged }: JudgedTwin): string[] => [
    ...new Set(judged.filter(({ verdict }) => verdict.kind === 'denied').map(({ action }) => action)),
  ];

  test('whose message enqueue may not send is accepted all the same, and the sweep sends it', async () => {
    await using receiver = await RecordingReceiver.open();
    const lost = { of: 'Enqueue', action: 'sqs:SendMessage', resource: /DeliveryQueue/ };

    await running(withoutRight(assembly.template, lost), async (twin) => {
      const { delivery_id } = await twin.enqueue(aDelivery({ endpoint_url: receiver.url() }));
      expect(refusals(twin)).toEqual(['sqs:SendMessage']);
      expect(twin.queue('delivery').depth()).toMatchObject({ visible: 0, delayed: 0 });
      await twin.answerOf('sweep', { messages_lost: true });

      expect(await twin.until(delivery_id)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(refusals(twin)).toEqual(['sqs:SendMessage']);
    });
  });

  test('whose credential may not be read is not sent, costs no attempt, and goes out once it may be', async () => {
    await using receiver = await RecordingReceiver.open();
    const lost = { of: 'Deliver', action: 'secretsmanager:GetSecretValue', resource: /webhook-credentials/ };
    let id = 0;

    await running(withoutRight(assembly.template, lost), async (twin) => {
      await createCredential(twin);
      const request = aDelivery({ endpoint_url: receiver.url(), credential_uuid: CREDENTIAL });
      ({ delivery_id: id } = await twin.enqueue(request));
      const released = await twin.until(id, ({ last_error }) => last_error !== null);

      expect(released).toMatchObject({ status: 'pending', attempt_count: 0 });
      expect(refusals(twin)).toEqual(['secretsmanager:GetSecretValue']);
    });
    expect(receiver.connections).toBe(0);

    await running(assembly.template, async (twin) => {
      await createCredential(twin);
      await database.pool.query('update webhook_deliveries set scheduled_for = now() where id = $1', [id]);
      await twin.answerOf('sweep', { messages_lost: true });

      expect(await twin.until(id)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(refusals(twin)).toEqual([]);
    });
    expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer tok-1']);
  });
});
