import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { resourcesNotHere } from './not-here.ts';
import { readAlarms } from './read-alarms.ts';
import { readDatabase } from './read-database.ts';
import { readEventSourceMappings, readTriggers } from './read-event-sources.ts';
import { readFunctions } from './read-functions.ts';
import { readPermissions } from './read-permissions.ts';
import { readQueues } from './read-queues.ts';
import { readEventBuses, readRules } from './read-rules.ts';
import type { StackDashboard, StackDescription } from './stack-description.ts';
import { startReading, type StackReading, type SynthesizedStack } from './stack-reading.ts';
import { optionalTextAt, TemplateError, textAt } from './template-values.ts';

/**
 * Reads `<stack>.template.json` and `<stack>.assets.json` from a folder written by `cdk synth` and describes the stack.
 * Throws TemplateError when the folder holds no such stack or the twin cannot run it.
 */
export async function loadStack(
  stack: Omit<SynthesizedStack, 'template' | 'assets'> & { templateFile?: string; assetsFile?: string },
): Promise<StackDescription> {
  const { stackName, templateFile = `${stackName}.template.json`, assetsFile = `${stackName}.assets.json` } = stack;
  const [template, assets] = await Promise.all([
    readJson(join(stack.assemblyFolder, templateFile)),
    readJson(join(stack.assemblyFolder, assetsFile)),
  ]);
  const described = readStack({ ...stack, template, assets });
  for (const { inlineCode, codeFolder } of described.functions) {
    if (inlineCode === undefined) continue;
    await mkdir(codeFolder, { recursive: true, mode: 0o700 });
    // As Lambda puts it: a file of this name, and no package.json above it that would say what kind of module it is.
    await writeFile(join(codeFolder, 'package.json'), '{}');
    await writeFile(join(codeFolder, 'index.js'), inlineCode);
  }
  return described;
}

/**
 * Describes the stack a synthesized template would deploy: its names made up as CloudFormation does, its references
 * followed. Pure. Throws TemplateError with the logical id of what it cannot read.
 */
export function readStack(stack: SynthesizedStack): StackDescription {
  if (!isJsonObject(stack.template)) throw new TemplateError('the template is not a JSON object');
  const reading = startReading(stack, stack.template);
  const described = {
    stackName: stack.stackName,
    functions: readFunctions(reading),
    queues: readQueues(reading),
    eventSourceMappings: readEventSourceMappings(reading),
    rules: readRules(reading),
    eventBuses: readEventBuses(reading),
    triggers: readTriggers(reading),
    database: readDatabase(reading),
    dashboards: readDashboards(reading),
    alarms: readAlarms(reading),
    permissions: readPermissions(reading),
    outputs: readOutputs(reading, stack.template),
  };
  // Last, when every reader has said what it leaves out.
  return { ...described, notices: [...reading.notices, ...resourcesNotHere(reading)] };
}

function readDashboards(reading: StackReading): StackDashboard[] {
  return reading.ofType('AWS::CloudWatch::Dashboard').map((dashboard) => {
    const where = `${dashboard.logicalId}.DashboardBody`;
    const body = textAt(reading.resolve(dashboard.properties['DashboardBody']), where);
    return { logicalId: dashboard.logicalId, name: reading.nameOf(dashboard), body: parsedBody(body, where) };
  });
}

function parsedBody(body: string, where: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new TemplateError(`${where}: not JSON`, { cause });
  }
}

function readOutputs(reading: StackReading, template: JsonObject): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [name, output] of Object.entries(isJsonObject(template['Outputs']) ? template['Outputs'] : {})) {
    const value = isJsonObject(output) ? reading.resolve(output['Value']) : undefined;
    const text = optionalTextAt(value, `Outputs.${name}`);
    if (text !== undefined) outputs[name] = text;
  }
  return outputs;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new TemplateError(`${file}: cannot be read (run npm run synth)`, { cause });
  }
}
