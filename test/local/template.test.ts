// Real: the reader, on hand-written templates; on one that the CDK makes: template-of-the-cdk.test.ts.
import { describe, expect, test } from 'vitest';
import { readStack } from '../../local/template/load-stack.ts';
import { TemplateError } from '../../local/template/template-values.ts';

type Parts = { Resources?: object; Outputs?: object; Conditions?: object; Parameters?: object };

function read(template: Parts, parameters: Record<string, string> = {}) {
  const key = { 'here-there': { objectKey: 'code-${AWS::Region}.zip' } };
  return readStack({
    stackName: 'WebhookDelivery',
    template: { Resources: {}, ...template },
    assets: { files: { a1: { source: { path: 'asset.a1', packaging: 'zip' }, destinations: key } } },
    assemblyFolder: '/out',
    queueUrl: (name) => `http://127.0.0.1:4566/000000000000/${name}`,
    parameters,
  });
}

/** A resource that says everything a function must. */
const lambdaFunction = (properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Code: { S3Bucket: 'assets', S3Key: 'code-us-east-1.zip' },
    ...properties,
  },
});
const queue = (properties: object = {}) => ({ Type: 'AWS::SQS::Queue', Properties: properties });

/** The value an output of this expression gets. */
function resolved(value: unknown, template: Parts = {}, parameters: Record<string, string> = {}): string | undefined {
  return read({ ...template, Outputs: { It: { Value: value } } }, parameters).outputs['It'];
}

describe('an intrinsic function', () => {
  test.each([
    ['of the deployment', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] }, 'a-000000000000'],
    ['Sub', { 'Fn::Sub': 'x.${AWS::Region}.${AWS::URLSuffix} ${!Literal}' }, 'x.us-east-1.amazonaws.com ${Literal}'],
    [
      'Sub with values',
      { 'Fn::Sub': ['${a}/${AWS::StackName}', { a: { Ref: 'AWS::Partition' } }] },
      'aws/WebhookDelivery',
    ],
    ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['If that holds', { 'Fn::If': ['InUs', 'yes', 'no'] }, 'yes'],
    ['If that does not', { 'Fn::If': ['Neither', 'yes', 'no'] }, 'no'],
    ['a list without NoValue', { 'Fn::Join': [',', ['a', { Ref: 'AWS::NoValue' }, 'b']] }, 'a,b'],
    ['a parameter with its default', { Ref: 'Stage' }, 'test'],
  ])('%s', (_name, value, expected) => {
    const Conditions = {
      InUs: {
        'Fn::And': [{ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }, { 'Fn::Not': [{ Condition: 'Neither' }] }],
      },
      Neither: { 'Fn::Or': [{ 'Fn::Equals': ['a', 'b'] }, { 'Fn::Equals': ['a', 'c'] }] },
    };
    expect(resolved(value, { Conditions, Parameters: { Stage: { Type: 'String', Default: 'test' } } })).toBe(expected);
  });

  test('takes the given value of a parameter', () => {
    expect(resolved({ Ref: 'Stage' }, { Parameters: { Stage: { Type: 'String' } } }, { Stage: 'live' })).toBe('live');
  });

  test.each([
    ['an unknown intrinsic', { 'Fn::Transform': {} }, 'Fn::Transform'],
    ['a reference to nothing', { Ref: 'Nowhere' }, 'Nowhere'],
    ['a condition that is not there', { 'Fn::If': ['Absent', 1, 2] }, 'Absent'],
    ['a condition that refers to itself', { 'Fn::If': ['Circle', 1, 2] }, 'Circle'],
  ])('fails clearly on %s', (_name, value, named) => {
    const Conditions = { Circle: { Condition: 'Circle' } };
    expect(() => resolved(value, { Conditions })).toThrow(TemplateError);
    expect(() => resolved(value, { Conditions })).toThrow(named);
  });
});

describe('a physical name', () => {
  const functionName = (logicalId: string) => read({ Resources: { [logicalId]: lambdaFunction() } }).functions[0]?.name;

  test('is stack, logical id and twelve characters, and the same at every start', () => {
    expect(functionName('Deliver72E7B226')).toMatch(/^WebhookDelivery-Deliver72E7B226-[A-Z\d]{12}$/);
    expect(functionName('Deliver72E7B226')).toBe(functionName('Deliver72E7B226'));
  });

  test('fits into 64 characters, and 80 for a queue, and still tells resources apart', () => {
    const [one, other] = [functionName(`${'A'.repeat(70)}1`), functionName(`${'A'.repeat(70)}2`)];
    expect(one).toHaveLength(64);
    expect(one).not.toBe(other);
    expect(read({ Resources: { ['Q'.repeat(90)]: queue() } }).queues[0]?.name).toHaveLength(80);
  });

  test('is the one given, where one is', () => {
    const Resources = { Q: queue({ QueueName: { 'Fn::Sub': '${AWS::StackName}-intake' } }) };
    expect(read({ Resources }).queues[0]).toMatchObject({
      name: 'WebhookDelivery-intake',
      url: 'http://127.0.0.1:4566/000000000000/WebhookDelivery-intake',
      arn: 'arn:aws:sqs:us-east-1:000000000000:WebhookDelivery-intake',
    });
  });
});

describe('a function', () => {
  test('without settings has those of Lambda', () => {
    expect(read({ Resources: { F: lambdaFunction() } }).functions[0]).toMatchObject({
      memoryMb: 128,
      timeoutSeconds: 3,
      environment: {},
      codeFolder: '/out/asset.a1',
      reservedConcurrency: undefined,
      logFormat: 'Text',
      asynchronous: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600, onFailureArn: undefined },
    });
  });

  test('takes its retries and its destination from its invoke configuration', () => {
    const config = {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'F' },
        Qualifier: '$LATEST',
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Q', 'Arn'] } } },
      },
    };
    const Resources = { F: lambdaFunction(), G: lambdaFunction(), Q: queue({ QueueName: 'q' }), config };
    const [first, second] = read({ Resources }).functions;
    expect(first?.asynchronous).toEqual({
      maximumRetryAttempts: 0,
      maximumEventAgeSeconds: 60,
      onFailureArn: 'arn:aws:sqs:us-east-1:000000000000:q',
    });
    expect(second?.asynchronous.maximumRetryAttempts).toBe(2);
  });

  test('that only provides a custom resource is left out', () => {
    const custom = { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': ['Provider', 'Arn'] } } };
    const Resources = { Provider: lambdaFunction({ Code: { ZipFile: '' } }), F: lambdaFunction(), custom };
    expect(read({ Resources }).functions.map(({ logicalId }) => logicalId)).toEqual(['F']);
  });

  test('whose condition does not hold is left out', () => {
    const Conditions = { Never: { 'Fn::Equals': ['a', 'b'] } };
    expect(read({ Conditions, Resources: { F: { ...lambdaFunction(), Condition: 'Never' } } }).functions).toEqual([]);
  });

  test.each([
    ['code that was never bundled', { Code: { S3Key: 'other.zip' } }, 'F.Code'],
    ['a timeout that is no number', { Timeout: 'long' }, 'F.Timeout'],
    ['no handler', { Handler: undefined }, 'F.Handler'],
  ])('fails clearly on %s', (_what, properties, named) => {
    expect(() => read({ Resources: { F: lambdaFunction(properties) } })).toThrow(named);
  });
});

describe('what feeds functions', () => {
  const Resources = { F: lambdaFunction({ FunctionName: 'deliver' }), Q: queue({ QueueName: 'q' }) };

  test('an event source mapping has the defaults of Lambda', () => {
    const mapping = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: { 'Fn::GetAtt': 'Q.Arn' }, FunctionName: { 'Fn::GetAtt': ['F', 'Arn'] } },
    };
    expect(read({ Resources: { ...Resources, mapping } }).eventSourceMappings).toEqual([
      {
        logicalId: 'mapping',
        queueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
        functionName: 'deliver',
        batchSize: 10,
        windowSeconds: 0,
        reportsBatchItemFailures: false,
        maximumConcurrency: undefined,
        enabled: true,
      },
    ]);
  });

  test.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(2 hours)', 7_200_000],
    ['rate(1 day)', 86_400_000],
  ])('a rule of %s', (ScheduleExpression, everyMs) => {
    const Targets = [{ Id: 'T', Arn: { 'Fn::GetAtt': ['F', 'Arn'] }, Input: '{"full":true}' }];
    const rule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression, State: 'DISABLED', Targets } };
    expect(read({ Resources: { ...Resources, rule } }).rules).toMatchObject([
      {
        everyMs,
        enabled: false,
        targets: [
          { to: { kind: 'function', functionName: 'deliver' }, input: { kind: 'constant', json: '{"full":true}' } },
        ],
      },
    ]);
  });

  test.each(['cron(0 12 * * ? *)', 'rate(0 minutes)', 'rate(5 seconds)'])(
    'a rule of %s does not run, and is named',
    (ScheduleExpression) => {
      const rule = { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression, Targets: [] } };
      const { rules, notices } = read({ Resources: { ...Resources, rule } });
      expect(rules).toMatchObject([{ everyMs: undefined }]);
      expect(notices).toEqual([`rule: ${ScheduleExpression} does not run here; rate(n minutes|hours|days) does`]);
    },
  );
});

test('a rule watches a bus by pattern, and makes of its events what its targets get', () => {
  const target = (Id: string, input: object) => ({ Id, Arn: { 'Fn::GetAtt': ['Q', 'Arn'] }, ...input });
  const rule = {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: { Ref: 'Bus' },
      EventPattern: { source: ['surehook'] },
      Targets: [
        target('whole', {}),
        target('part', { InputPath: '$.detail' }),
        target('made', { InputTransformer: { InputPathsMap: { id: '$.detail.id' }, InputTemplate: '"got <id>"' } }),
      ],
    },
  };
  const Bus = { Type: 'AWS::Events::EventBus', Properties: { Name: 'outcomes' } };
  const described = read({ Resources: { Bus, rule, Q: queue({ QueueName: 'q' }) } });
  expect(described.eventBuses).toEqual([
    { name: 'default', arn: 'arn:aws:events:us-east-1:000000000000:event-bus/default' },
    { name: 'outcomes', arn: 'arn:aws:events:us-east-1:000000000000:event-bus/outcomes' },
  ]);
  expect(described.rules).toMatchObject([
    {
      busName: 'outcomes',
      ruleArn: expect.stringMatching(/:rule\/outcomes\//),
      everyMs: undefined,
      pattern: { source: ['surehook'] },
      targets: [
        { to: { kind: 'queue' }, arn: 'arn:aws:sqs:us-east-1:000000000000:q', input: { kind: 'event' } },
        { input: { kind: 'path', path: '$.detail' } },
        { input: { kind: 'template', paths: { id: '$.detail.id' }, template: '"got <id>"' } },
      ],
    },
  ]);
});

describe('what the twin does not run is left out, and named once with what it means', () => {
  const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

  test('a FIFO queue, and what it would feed', () => {
    const Mapping = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: arnOf('Q'), FunctionName: { Ref: 'F' } },
    };
    const described = read({
      Resources: { Q: queue({ FifoQueue: true, QueueName: 'q.fifo' }), F: lambdaFunction(), Mapping },
    });
    expect(described).toMatchObject({ queues: [], eventSourceMappings: [] });
    expect(described.notices).toEqual([
      'Q: a FIFO queue, which is not here: calls are told that it does not exist',
      'Mapping: functions are fed from queues of the stack only, and nothing from arn:aws:sqs:us-east-1:000000000000:q.fifo',
    ]);
  });

  test('a function of another runtime or in an image, with what invokes it', () => {
    const Rule = {
      Type: 'AWS::Events::Rule',
      Properties: { EventPattern: { source: ['a'] }, Targets: [{ Id: 'T', Arn: arnOf('Report') }] },
    };
    const Mapping = {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: arnOf('Q'), FunctionName: { Ref: 'Image' } },
    };
    const Report = lambdaFunction({ Runtime: 'python3.13' });
    const Image = { Type: 'AWS::Lambda::Function', Properties: { PackageType: 'Image', Code: { ImageUri: 'x' } } };
    const described = read({ Resources: { Report, Image, Rule, Mapping, Q: queue() } });
    expect(described).toMatchObject({ functions: [], eventSourceMappings: [], rules: [{ targets: [] }] });
    expect(described.notices).toEqual([
      'Report: a function of python3.13, not of Node.js. It does not run here: whoever invokes it is told that there is no such function',
      'Image: a function in a container image. It does not run here: whoever invokes it is told that there is no such function',
      expect.stringMatching(/^Rule: its target .* gets nothing here/),
    ]);
  });

  test('resources of other services, by type', () => {
    const bucket = { Type: 'AWS::S3::Bucket', Properties: {} };
    const Resources = { A: bucket, B: bucket, C: bucket, D: bucket, Made: { Type: 'Custom::Thing', Properties: {} } };
    expect(read({ Resources }).notices).toEqual([
      'A, B, C and 1 more (AWS::S3::Bucket): S3 is not here. Functions get a name and an ARN of it that lead nowhere, and their calls are refused',
      'Made (Custom::Thing): custom resources are not run here, so what they would make is missing',
    ]);
  });

  test('policies that it cannot know, and variables that hold a secret', () => {
    const Role = {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {},
        PermissionsBoundary: 'arn:aws:iam::aws:policy/Boundary',
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', { Ref: 'Mine' }],
      },
    };
    const Mine = { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: { Statement: [] } } };
    const F = lambdaFunction({ Environment: { Variables: { TOKEN: '{{resolve:secretsmanager:x}}', KEPT: 'y' } } });
    const described = read({ Resources: { Role, Mine, F } });
    expect(described.functions).toMatchObject([{ environment: { KEPT: 'y' } }]);
    expect(described.permissions.roles).toMatchObject([{ policies: [{ name: 'Mine' }] }]);
    expect(described.notices).toEqual([
      'F: its variable TOKEN would hold a secret or a parameter of the account: here it is not set',
      'Role: its permissions boundary is not judged here, so more may be allowed than on AWS',
      'Role: what arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess allows is not known here, so it allows nothing',
    ]);
  });
});

test('a function may have its code in the template, and aliases with permissions of their own', () => {
  const F = lambdaFunction({ FunctionName: 'f', Code: { ZipFile: 'exports.handler = async () => 1;' } });
  const Live = { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'F' }, Name: 'live' } };
  const Allowed = {
    Type: 'AWS::Lambda::Permission',
    Properties: { FunctionName: { Ref: 'Live' }, Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com' },
  };
  const Rule = {
    Type: 'AWS::Events::Rule',
    Properties: { EventPattern: { source: ['a'] }, Targets: [{ Id: 'T', Arn: { Ref: 'Live' } }] },
  };
  const alias = 'arn:aws:lambda:us-east-1:000000000000:function:f:live';
  expect(read({ Resources: { F, Live, Allowed, Rule } })).toMatchObject({
    functions: [{ inlineCode: 'exports.handler = async () => 1;', codeFolder: '/out/inline/F', aliases: ['live'] }],
    permissions: { resourcePolicies: [{ resourceArn: alias }] },
    rules: [{ targets: [{ arn: alias, to: { kind: 'function', functionName: 'f' } }] }],
    notices: [],
  });
});

test('a stack that makes no database has none', () => {
  expect(read({}).database).toBeUndefined();
});
