// Judges what would be deployed by AWS' own rules for templates: `npm run lint:template`. It synthesizes the stack as `cdk deploy` does,
// in each of the forms below, and prints every finding that EXCEPTIONS does not explain. No account and no network are asked. The
// rules are those of cfn-lint, by the same names, in the validator that the CDK brings along; synthesis itself asks it for the schemas only.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdsData, isKnownToReplace } from './data-holders.ts';

/** What a rule says of one resource, or of the template as a whole. */
export type Finding = {
  form: string;
  ruleId: string;
  severity: string;
  logicalId: string;
  type: string;
  message: string;
};

type Exception = {
  ruleId: string;
  /** Which of its findings are explained. Default: all. */
  explains?: (finding: Finding) => boolean;
  because: string;
};

/** Rules that are broken, and why that is right. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    ruleId: 'W3005',
    explains: ({ type }) => type === 'AWS::Lambda::Function',
    because: 'the CDK makes a function wait for the policies of its role, and names the role with them',
  },
  {
    ruleId: 'W9013',
    explains: ({ form }) => form === WITH_A_KEY,
    because: 'a key that is made elsewhere is named by its ARN, which has an account in it',
  },
  { ruleId: 'I1022', because: 'the CDK joins texts by Fn::Join; Fn::Sub would mean the same' },
  { ruleId: 'I4010', because: 'the template is made from infra/, where the reasons stand' },
  {
    ruleId: 'I9001',
    // What the list lacks would be a change that empties something and that no test notices.
    explains: ({ type, message }) => {
      const [, property = ''] = /^Property '(\w+)'/.exec(message) ?? [];
      return !holdsData(type) || isKnownToReplace(type, property);
    },
    because: 'test/infra/data-holders.json keeps what replaces something with data; the rest may be replaced',
  },
  { ruleId: 'I9003', because: 'the region is known when the stack is deployed' },
  { ruleId: 'I9040', because: 'tags are the app’s: Tags.of(app).add(…)' },
];

/** Findings that nothing explains. */
export function unexplained(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => !EXCEPTIONS.some((exception) => isExplained(finding, exception)));
}

/** Exceptions that explain nothing any more. */
export function outlived(findings: readonly Finding[]): Exception[] {
  return EXCEPTIONS.filter((exception) => !findings.some((finding) => isExplained(finding, exception)));
}

function isExplained(finding: Finding, { ruleId, explains = () => true }: Exception): boolean {
  return finding.ruleId === ruleId && explains(finding);
}

const WITH_A_KEY = 'a new database in a given network, with a key';

/** The forms of the stack that are judged: together they make every resource that a setting can make. */
const FORMS: Record<string, Record<string, string>> = {
  'a new database': {
    readers: '1',
    backupWindow: '02:00-02:30',
    maintenanceWindow: 'sun:03:00-sun:04:00',
    alarmEmail: 'on-call@example.com',
    'staticEgress.natGateways': '2',
    privateReceivers: '10.20.0.0/16',
    tracing: 'active',
  },
  [WITH_A_KEY]: {
    minCapacity: '0',
    'database.network.vpcId': 'vpc-0a1b2c3d',
    'database.network.subnetIds': 'subnet-0a1b2c3d,subnet-0a1b2c3e',
    encryptionKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555',
    alarmTopicArn: 'arn:aws:sns:us-east-1:111122223333:on-call',
    'staticEgress.elasticIpAllocationIds': 'eipalloc-0a1b2c3d',
  },
  'an existing database': {
    'database.clusterIdentifier': 'app',
    'database.databaseName': 'app',
    'database.secretArn': 'arn:aws:secretsmanager:us-east-1:111122223333:secret:app-AbCdEf',
    'staticEgress.network.vpcId': 'vpc-0a1b2c3d',
    'staticEgress.network.subnetIds': 'subnet-0a1b2c3d',
    'staticEgress.securityGroupIds': 'sg-0a1b2c3d',
  },
};

/** The functions' code is no matter of templates, and takes most of the time. */
const WITHOUT_BUNDLES = { 'aws:cdk:bundling-stacks': [] };

/** What a form would be deployed as. */
function synthesize(settings: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'surehook-lint-'));
  try {
    execFileSync(process.execPath, ['infra/app.ts'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        CDK_OUTDIR: folder,
        CDK_CONTEXT_JSON: JSON.stringify({ ...settings, ...WITHOUT_BUNDLES }),
      },
      stdio: 'ignore',
    });
    return readFileSync(join(folder, 'WebhookDelivery.template.json'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Report = {
  diagnostics: {
    ruleId: string;
    severity: string;
    message: string;
    entity?: { logicalId?: string; resourceType?: string };
  }[];
};
type Validator = {
  CompositeEngine: new () => { validateTemplate(template: object, config: object): Report; free(): void };
  TemplateContent: new (content: string, name: string) => object;
};

function judge(templates: ReadonlyMap<string, string>): Finding[] {
  // Bundled in the CDK's package, so that its rules and the CDK's templates are of one age.
  const { CompositeEngine, TemplateContent } = createRequire(createRequire(import.meta.url).resolve('aws-cdk-lib'))(
    '@aws/cloudformation-validate',
  ) as Validator;
  const engine = new CompositeEngine();
  try {
    return [...templates].flatMap(([form, template]) => {
      const { diagnostics } = engine.validateTemplate(new TemplateContent(template, form), { severityLevel: 'INFO' });
      return diagnostics.map(({ ruleId, severity, message, entity = {} }) => {
        const { logicalId = 'the template', resourceType = '' } = entity;
        return { form, ruleId, severity, logicalId, type: resourceType, message };
      });
    });
  } finally {
    engine.free();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = judge(new Map(Object.entries(FORMS).map(([form, settings]) => [form, synthesize(settings)])));
  const faults = [
    ...unexplained(findings).map(
      ({ form, ruleId, severity, logicalId, type, message }) =>
        `${severity} ${ruleId} ${type} ${logicalId} (${form}): ${message}`,
    ),
    ...outlived(findings).map(({ ruleId }) => `the exception for ${ruleId} explains nothing any more`),
  ];
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(`${findings.length} findings, ${faults.length} of them unexplained\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
