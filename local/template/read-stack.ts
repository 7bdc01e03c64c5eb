import { readDatabase } from './read-database.ts';
import { readEventSourceMappings, readSchedules, readTriggers } from './read-event-sources.ts';
import { readFunctions } from './read-functions.ts';
import { readPermissions } from './read-permissions.ts';
import { readQueues } from './read-queues.ts';
import type { StackDashboard, StackDescription } from './stack-description.ts';
import { startReading, type StackReading, type SynthesizedStack } from './stack-reading.ts';
import { isObject, optionalTextAt, TemplateError, textAt, type JsonObject } from './template-values.ts';

/**
 * Describes the stack a synthesized template would deploy: its names made up as CloudFormation does, its references
 * followed. Pure. Throws TemplateError with the logical id of what it cannot read.
 */
export function readStack(stack: SynthesizedStack): StackDescription {
  if (!isObject(stack.template)) throw new TemplateError('the template is not a JSON object');
  const reading = startReading(stack, stack.template);
  return {
    stackName: stack.stackName,
    functions: readFunctions(reading),
    queues: readQueues(reading),
    eventSourceMappings: readEventSourceMappings(reading),
    schedules: readSchedules(reading),
    triggers: readTriggers(reading),
    database: readDatabase(reading),
    dashboards: readDashboards(reading),
    permissions: readPermissions(reading),
    outputs: readOutputs(reading, stack.template),
  };
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
  for (const [name, output] of Object.entries(isObject(template['Outputs']) ? template['Outputs'] : {})) {
    const value = isObject(output) ? reading.resolve(output['Value']) : undefined;
    const text = optionalTextAt(value, `Outputs.${name}`);
    if (text !== undefined) outputs[name] = text;
  }
  return outputs;
}
