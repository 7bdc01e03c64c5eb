// Real: a whole stack on this machine, Debian's AWS CLI 2.9 and boto3 1.26, which speak SQS' old protocol, and bash. No
// doubles. The commands of the runbook run as they stand there; what a document only prints is never asserted.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningStack } from '../support/stack/running-stack.ts';
import { ClientShell, clientsOfThisMachine } from './other-clients.ts';

const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
/** The block that an operator runs once. */
const SETUP = /```sh\n(STACK=[\s\S]*?)```/.exec(RUNBOOK)?.[1] ?? '';

let stack: RunningStack;
let shell: ClientShell;

beforeAll(async () => {
  const { awsVersion, boto3Version } = clientsOfThisMachine();
  process.stdout.write(`AWS CLI ${awsVersion}, boto3 ${boto3Version}\n`);
  stack = await RunningStack.start({ WEBHOOK_DELIVERY_BASE_DELAY_SECONDS: '1' });
  shell = new ClientShell(stack.endpoints);
});

afterAll(async () => {
  shell?.dispose();
  await stack?.dispose();
});

/** What a command printed; throws with its complaint. */
async function printed(script: string): Promise<string> {
  const { stdout, stderr, code } = await shell.run(script);
  if (code !== 0) throw new Error(`${script}\n${stderr}`);
  return stdout.trim();
}

/** With what the runbook's first block defines. */
const operator = (script: string): Promise<string> => printed(`${SETUP}\n${script}`);

describe('AWS CLI', () => {
  test('enqueues a first webhook by the intake queue, which arrives', async () => {
    const request = {
      workflow_run_id: 501,
      organization_id: 1,
      webhook_node_id: 'by-cli',
      endpoint_url: `${stack.endpoints.aws}/demo/ok`,
      payload: { text: '<&>"' },
    };
    await printed(
      `aws sqs send-message --queue-url '${stack.queueUrl('intake')}' --message-body '${JSON.stringify(request)}'`,
    );
    const id = await stack.log.until(async () => {
      const [row] = await stack.rows<{ id: number }>('select id from webhook_deliveries where workflow_run_id = 501');
      return row?.id;
    });
    expect(await stack.over(id)).toMatchObject({ status: 'succeeded' });
  });

  test('sends, receives and deletes a batch with attributes', async () => {
    const url = stack.queueUrl('intakeDeadLetters');
    await printed(
      `aws sqs send-message-batch --queue-url '${url}' --entries '[{"Id":"a","MessageBody":"one","MessageAttributes":{"ErrorType":{"DataType":"String","StringValue":"X"}}}]'`,
    );
    const received = JSON.parse(
      await printed(
        `aws sqs receive-message --queue-url '${url}' --message-attribute-names All --attribute-names All --wait-time-seconds 1`,
      ),
    ) as { Messages: { Body: string; ReceiptHandle: string; MessageAttributes: object }[] };
    expect(received.Messages).toMatchObject([{ Body: 'one', MessageAttributes: { ErrorType: { StringValue: 'X' } } }]);
    const handle = received.Messages[0]?.ReceiptHandle ?? '';
    expect(await printed(`aws sqs delete-message --queue-url '${url}' --receipt-handle '${handle}'`)).toBe('');
  });

  test('prints a sentence, and no parser error, for what is not here', async () => {
    for (const [command, sentence] of [
      ['aws sqs create-queue --queue-name mine', 'here the CloudFormation template decides about queues'],
      ['aws cloudformation delete-stack --stack-name x', 'The local CloudFormation does not know DeleteStack'],
      ['aws sts get-session-token', 'The local Security Token Service does not know GetSessionToken'],
      ['aws cloudwatch list-metrics', 'The local CloudWatch does not know ListMetrics'],
      ['aws sns list-topics', 'The local stack has no service sns'],
      ['aws dynamodb list-tables', 'The local stack has no service dynamodb'],
      ['aws s3api list-buckets', 'The local stack has no service s3'],
      ['aws ec2 describe-vpcs', 'The local stack has no service ec2'],
      ['aws rds describe-db-clusters', 'The local stack has no service rds'],
      ['aws logs describe-queries', 'The local CloudWatch Logs does not know DescribeQueries'],
    ] as const) {
      const { stderr, code } = await shell.run(command);
      expect({ command, code, stderr }).toMatchObject({ code: 254, stderr: expect.stringContaining(sentence) });
    }
  });

  test('asks who it is', async () => {
    expect(JSON.parse(await printed('aws sts get-caller-identity'))).toMatchObject({ Account: '000000000000' });
  });

  test('puts an event, which the page of events shows', async () => {
    await printed(`aws events put-events --entries '[{"Source":"cli","DetailType":"Test","Detail":"{\\"n\\":1}"}]'`);
    const shown = (await (await fetch(`${stack.endpoints.aws}/console/events.json`)).json()) as object[];
    expect(shown).toContainEqual({ time: expect.any(String), source: 'cli', detail_type: 'Test', detail: { n: 1 } });
  });

  test('stops a function by a reservation of zero, and lets it run again', async () => {
    const name = stack.functionName('sweep');
    await printed(`aws lambda put-function-concurrency --function-name ${name} --reserved-concurrent-executions 0`);
    expect(await printed(`aws lambda get-function-concurrency --function-name ${name} --output text`)).toBe('0');
    const { stderr } = await shell.run(`aws lambda invoke --function-name ${name} /dev/stdout`);
    expect(stderr).toContain('TooManyRequestsException');
    await printed(`aws lambda delete-function-concurrency --function-name ${name}`);
    expect(await printed(`aws lambda invoke --function-name ${name} /dev/stdout`)).toContain('"StatusCode": 200');
  });
});

describe('boto3', () => {
  test('sends and receives with digests that it checks itself', async () => {
    const { stdout, stderr } = await shell.python(
      `sqs = client('sqs')
url = ${JSON.stringify(stack.queueUrl('deliveryDeadLetters'))}
sqs.send_message(QueueUrl=url, MessageBody='Grüße 🚀', MessageAttributes={'Raw': {'DataType': 'Binary', 'BinaryValue': b'\\x00\\xff'}})
message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=['All'], AttributeNames=['All'])['Messages'][0]
print(json.dumps([message['Body'], list(message['MessageAttributes']['Raw']['BinaryValue']), message['Attributes']['ApproximateReceiveCount']]))
sqs.delete_message_batch(QueueUrl=url, Entries=[{'Id': 'a', 'ReceiptHandle': message['ReceiptHandle']}])`,
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['Grüße 🚀', [0, 255], '1']);
  });

  test('names an error by its class', async () => {
    const { stdout } = await shell.python(
      `try:
    client('sqs').get_queue_url(QueueName='absent')
except client('sqs').exceptions.QueueDoesNotExist as e:
    print(e.response['Error']['Message'])
except Exception as e:
    print(type(e), e)`,
    );
    expect(stdout).toContain('The specified queue does not exist');
  });
});

/** What cannot run here, by what is in it, and why: the rest of the runbook's commands must run. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'rds modify-db-cluster': 'the database here has no password',
  '<pid>': 'somebody fills it in',
  'file://secret.json': 'somebody writes it',
  'get-function-recursion-config': 'newer than AWS CLI 2.9',
  'put-function-recursion-config': 'newer than AWS CLI 2.9',
  'start-message-move-task': 'newer than AWS CLI 2.9',
  'logs Deliver': "a function's log group is newer than AWS CLI 2.9",
  'logs Enqueue': "a function's log group is newer than AWS CLI 2.9",
  'logs Sweep': "a function's log group is newer than AWS CLI 2.9",
};

describe("the runbook's commands run as they stand", () => {
  const [, ...blocks] = [...RUNBOOK.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const lines = [...RUNBOOK.matchAll(/(?<!`)`((?:aws|sql|logs|output) [^`]+)`/g)].map(([, line = '']) => line);
  // Two words of the CLI are its name for something, and no command.
  const commands = [...blocks, ...lines].filter((command) => /\b(?:aws \S+ \S+ \S|sql |logs |output )/.test(command));
  const here = commands.filter((command) => !Object.keys(ELSEWHERE).some((elsewhere) => command.includes(elsewhere)));

  test('there are many of them', () => {
    expect(SETUP).toContain('describe-stacks');
    expect(here.length).toBeGreaterThan(10);
  });

  test.each(here)('%s', async (command) => {
    expect(await shell.run(`${SETUP}\n${command}`)).toMatchObject({ code: 0, stderr: '' });
  });

  test('nothing is left out that is not there', () => {
    const absent = Object.keys(ELSEWHERE).filter((part) => !commands.some((command) => command.includes(part)));
    expect(absent).toEqual([]);
  });

  test('output and sql print what they say, and logs tail a log group', async () => {
    expect(await operator('output EnqueueFunctionName')).toBe(stack.functionName('enqueue'));
    expect(await operator('sql "select 1 as one"')).toContain('"one":1');
    await stack.invoke('sweep', {});
    const { LoggingConfig } = (await (
      await fetch(`${stack.endpoints.aws}/2015-03-31/functions/${stack.functionName('sweep')}/configuration`, {
        headers: { authorization: 'AWS4-HMAC-SHA256 Credential=any/20261126/us-east-1/lambda/aws4_request' },
      })
    ).json()) as { LoggingConfig: { LogGroup: string } };
    const tail = `aws logs tail --since 1h --format short '${LoggingConfig.LogGroup}'`;
    expect(await printed(`${tail} --filter-pattern '{ $.level = "INFO" }'`)).toContain('"level":"INFO"');
    expect(await printed(`${tail} --filter-pattern '"nobody writes this"'`)).toBe('');
  });

  test('alarms are described', async () => {
    const names = await printed('aws cloudwatch describe-alarms --query "MetricAlarms[].AlarmName" --output text');
    expect(names.split(/\s+/).length).toBeGreaterThan(5);
  });
});
