import { join } from 'node:path';
import { isJsonObject } from '../json-object.ts';
import type { StackReading } from './stack-reading.ts';
import type { Resource } from './resource-references.ts';
import type { AsyncInvokeSettings, StackFunction } from './stack-description.ts';
import { numberAt, objectAt, optionalNumberAt, optionalTextAt, TemplateError, textAt } from './template-values.ts';

/** Functions of the stack, except those that only serve CloudFormation as providers of custom resources. */
export function readFunctions(reading: StackReading): StackFunction[] {
  const providers = providerArns(reading);
  return reading
    .ofType('AWS::Lambda::Function')
    .filter((resource) => !providers.has(reading.arnOf(resource)) && runsHere(resource, reading))
    .map((resource) => readFunction(resource, reading));
}

/** Only functions of Node.js in an asset or in the template run here; a sentence says so of the others. */
function runsHere(resource: Resource, reading: StackReading): boolean {
  const why = whyNotRun(resource, reading);
  if (why === undefined) return true;
  reading.notice(
    `${resource.logicalId}: ${why}. It does not run here: whoever invokes it is told that there is no such function`,
  );
  return false;
}

function whyNotRun({ logicalId, properties }: Resource, reading: StackReading): string | undefined {
  const runtime = optionalTextAt(reading.resolve(properties['Runtime']), `${logicalId}.Runtime`);
  if (runtime === undefined) return 'a function in a container image';
  return runtime.startsWith('nodejs') ? undefined : `a function of ${runtime}, not of Node.js`;
}

/** Whether the function of this name is one of those that run here. */
export function isRunHere(name: string, reading: StackReading): boolean {
  const resource = reading.ofType('AWS::Lambda::Function').find((candidate) => reading.nameOf(candidate) === name);
  return resource !== undefined && whyNotRun(resource, reading) === undefined;
}

/** Name of the function that a name, an ARN, or the ARN of a version stands for. */
export function functionNamed(nameOrArn: string, reading: StackReading, where: string): string {
  const [, , , , , , nameInArn] = nameOrArn.split(':');
  const name = nameInArn ?? nameOrArn;
  const known = reading.ofType('AWS::Lambda::Function').some((resource) => reading.nameOf(resource) === name);
  if (!known) throw new TemplateError(`${where}: there is no function ${nameOrArn} in the stack`);
  return name;
}

function providerArns(reading: StackReading): Set<unknown> {
  const tokens = [...reading.resources.values()].map((resource) => resource.properties['ServiceToken']);
  return new Set(tokens.filter((token) => token !== undefined).map((token) => reading.resolve(token)));
}

function readFunction(resource: Resource, reading: StackReading): StackFunction {
  const where = resource.logicalId;
  const property = (name: string): unknown => reading.resolve(resource.properties[name]);
  const logging = objectAt(property('LoggingConfig'), `${where}.LoggingConfig`);
  const deadLetters = objectAt(property('DeadLetterConfig'), `${where}.DeadLetterConfig`);
  return {
    logicalId: resource.logicalId,
    name: reading.nameOf(resource),
    arn: reading.arnOf(resource),
    handler: textAt(property('Handler'), `${where}.Handler`),
    runtime: textAt(property('Runtime'), `${where}.Runtime`),
    // Lambda's defaults: 128 MB, 3 s.
    memoryMb: numberAt(property('MemorySize'), `${where}.MemorySize`, 128),
    timeoutSeconds: numberAt(property('Timeout'), `${where}.Timeout`, 3),
    environment: environmentOf(property('Environment'), where, reading),
    ...codeOf(resource, reading),
    aliases: aliasesOf(resource, reading),
    reservedConcurrency: optionalNumberAt(
      property('ReservedConcurrentExecutions'),
      `${where}.ReservedConcurrentExecutions`,
    ),
    deadLetterTargetArn: optionalTextAt(deadLetters['TargetArn'], `${where}.DeadLetterConfig.TargetArn`),
    roleLogicalId: roleOf(resource.properties['Role']),
    logFormat: logging['LogFormat'] === 'JSON' ? 'JSON' : 'Text',
    logGroup:
      optionalTextAt(logging['LogGroup'], `${where}.LoggingConfig.LogGroup`) ??
      `/aws/lambda/${reading.nameOf(resource)}`,
    logLevel: optionalTextAt(logging['ApplicationLogLevel'], `${where}.LoggingConfig.ApplicationLogLevel`),
    asynchronous: asyncSettingsOf(resource, reading),
  };
}

function environmentOf(value: unknown, where: string, reading: StackReading): Record<string, string> {
  const variables = objectAt(objectAt(value, `${where}.Environment`)['Variables'], `${where}.Environment.Variables`);
  const environment: Record<string, string> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const text = textAt(variable, `${where}.Environment.${name}`);
    if (text.includes('{{resolve:')) {
      reading.notice(
        `${where}: its variable ${name} would hold a secret or a parameter of the account: here it is not set`,
      );
    } else environment[name] = text;
  }
  return environment;
}

function codeOf(resource: Resource, reading: StackReading): Pick<StackFunction, 'codeFolder' | 'inlineCode'> {
  const code = objectAt(reading.resolve(resource.properties['Code']), `${resource.logicalId}.Code`);
  if (typeof code['ZipFile'] === 'string') {
    return { codeFolder: join(reading.inlineFolder, resource.logicalId), inlineCode: code['ZipFile'] };
  }
  const folder = typeof code['S3Key'] === 'string' ? reading.codeFolders.get(code['S3Key']) : undefined;
  if (folder === undefined) {
    throw new TemplateError(`${resource.logicalId}.Code: not an asset of the manifest (was the bundling skipped?)`);
  }
  return { codeFolder: folder, inlineCode: undefined };
}

function aliasesOf(resource: Resource, reading: StackReading): string[] {
  return reading
    .ofType('AWS::Lambda::Alias')
    .filter((alias) => {
      const target = textAt(reading.resolve(alias.properties['FunctionName']), `${alias.logicalId}.FunctionName`);
      return functionNamed(target, reading, alias.logicalId) === reading.nameOf(resource);
    })
    .map((alias) => textAt(reading.resolve(alias.properties['Name']), `${alias.logicalId}.Name`));
}

/** Logical id of the role that a `Fn::GetAtt` names; undefined for one that the template does not make. */
export function roleOf(role: unknown): string | undefined {
  const attribute = isJsonObject(role) ? role['Fn::GetAtt'] : undefined;
  const logicalId: unknown = Array.isArray(attribute) ? attribute[0] : undefined;
  return typeof logicalId === 'string' ? logicalId : undefined;
}

function asyncSettingsOf(resource: Resource, reading: StackReading): AsyncInvokeSettings {
  const config = reading.ofType('AWS::Lambda::EventInvokeConfig').find((candidate) => {
    const target = textAt(reading.resolve(candidate.properties['FunctionName']), `${candidate.logicalId}.FunctionName`);
    const latest = reading.resolve(candidate.properties['Qualifier']) === '$LATEST';
    return latest && functionNamed(target, reading, candidate.logicalId) === reading.nameOf(resource);
  });
  const where = config?.logicalId ?? resource.logicalId;
  const property = (name: string): unknown => reading.resolve(config?.properties[name]);
  const destinations = objectAt(property('DestinationConfig'), `${where}.DestinationConfig`);
  const onFailure = objectAt(destinations['OnFailure'], `${where}.DestinationConfig.OnFailure`);
  return {
    // Lambda's defaults: two more attempts, six hours.
    maximumRetryAttempts: numberAt(property('MaximumRetryAttempts'), `${where}.MaximumRetryAttempts`, 2),
    maximumEventAgeSeconds: numberAt(property('MaximumEventAgeInSeconds'), `${where}.MaximumEventAgeInSeconds`, 21_600),
    onFailureArn: optionalTextAt(onFailure['Destination'], `${where}.DestinationConfig.OnFailure.Destination`),
  };
}
