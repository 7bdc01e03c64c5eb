import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject, parsedJsonObject } from '../json-object.ts';
import { StartError } from '../start-error.ts';

/** A stack of a cloud assembly, as `cdk synth` writes it. */
export type AppStack = {
  stackName: string;
  /** Its folder: of a stage, it lies in the assembly's. */
  assemblyFolder: string;
  templateFile: string;
  assetsFile: string;
  /** `aws://<account>/<region>`; unknown ones are called so. */
  environment: string;
};

/**
 * The stack of somebody's CDK app that holds the construct: the one named, or the only one that has its outputs.
 *
 * @param folder written by `cdk synth`, usually `cdk.out`
 * @throws StartError for a folder that is none, and for an app that has no such stack or several
 */
export function appStack(folder: string, stackName: string | undefined): AppStack {
  const stacks = stacksOf(folder);
  const wanted =
    stackName === undefined ? stacks.filter(holdsConstruct) : stacks.filter((stack) => stack.stackName === stackName);
  const [only, second] = wanted;
  const names = stacks.map((stack) => stack.stackName).join(', ');
  if (only === undefined) {
    const which = stackName === undefined ? 'no stack with the construct WebhookDelivery' : `no stack ${stackName}`;
    throw new StartError(`${folder} has ${which}; it has ${names === '' ? 'none at all' : names}`);
  }
  if (second === undefined) return only;
  throw new StartError(
    `${folder} has several stacks with the construct: choose one with --stack (${wanted.map((stack) => stack.stackName).join(', ')})`,
  );
}

function stacksOf(folder: string): AppStack[] {
  const artifacts = manifestOf(folder)['artifacts'];
  return Object.entries(isJsonObject(artifacts) ? artifacts : {}).flatMap(([id, artifact]) => {
    const fields = isJsonObject(artifact) ? artifact : {};
    const properties = isJsonObject(fields['properties']) ? fields['properties'] : {};
    if (fields['type'] === 'cdk:cloud-assembly') return stacksOf(join(folder, String(properties['directoryName'])));
    if (fields['type'] !== 'aws:cloudformation:stack') return [];
    const stackName = typeof properties['stackName'] === 'string' ? properties['stackName'] : id;
    const templateFile = String(properties['templateFile']);
    const assetsFile = templateFile.replace(/\.template\.json$/, '.assets.json');
    return [
      { stackName, assemblyFolder: folder, templateFile, assetsFile, environment: String(fields['environment']) },
    ];
  });
}

function manifestOf(folder: string): JsonObject {
  const manifest = readObject(join(folder, 'manifest.json'));
  if (manifest !== undefined) return manifest;
  throw new StartError(`${folder} is no cloud assembly (it has no manifest.json): run cdk synth first`);
}

function holdsConstruct({ assemblyFolder, templateFile }: AppStack): boolean {
  const outputs = readObject(join(assemblyFolder, templateFile))?.['Outputs'];
  const names = Object.keys(isJsonObject(outputs) ? outputs : {});
  return (
    names.some((name) => name.endsWith('EnqueueFunctionName')) && names.some((name) => name.endsWith('IntakeQueueUrl'))
  );
}

function readObject(file: string): JsonObject | undefined {
  try {
    return parsedJsonObject(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
