import type { JsonObject } from '../json-object.ts';
import { join } from 'node:path';
import { codeFolders } from './code-assets.ts';
import { templateScope, type TemplateScope } from './intrinsics.ts';
import { attributeOf, nameOf, refOf, type Deployment, type Resource } from './resource-references.ts';

export type SynthesizedStack = {
  stackName: string;
  /** Parsed `<stack>.template.json`. */
  template: unknown;
  /** Parsed `<stack>.assets.json`. */
  assets: unknown;
  /** The folder of both (`cdk.out`); asset paths are relative to it. */
  assemblyFolder: string;
  /** The URL under which a queue of this physical name is reached. */
  queueUrl: (queueName: string) => string;
  /** Default us-east-1. */
  region?: string;
  /** Default 000000000000. */
  accountId?: string;
  /** Where inline code is put, a folder for each function; it need not exist. Default: in the assembly. */
  inlineFolder?: string;
  /** Values of template parameters that have no default. */
  parameters?: Readonly<Record<string, string>>;
};

/** What the readers of the different kinds of resources share. */
export type StackReading = TemplateScope & {
  deployment: Deployment;
  /** Resources of a type, in the template's order. */
  ofType: (type: string) => Resource[];
  nameOf: (resource: Resource) => string;
  refOf: (resource: Resource) => string;
  arnOf: (resource: Resource) => string;
  /** Folder of each code asset by its S3 key. */
  codeFolders: ReadonlyMap<string, string>;
  inlineFolder: string;
  /** Keeps a sentence about what is not run here, and what that means. */
  notice: (sentence: string) => void;
  notices: readonly string[];
};

/** Throws TemplateError when the template or the manifest is not one. */
export function startReading(stack: SynthesizedStack, template: JsonObject): StackReading {
  const deployment: Deployment = {
    stackName: stack.stackName,
    region: stack.region ?? 'us-east-1',
    accountId: stack.accountId ?? '000000000000',
    partition: 'aws',
    urlSuffix: 'amazonaws.com',
    queueUrl: stack.queueUrl,
  };
  const scope = templateScope({ template, deployment, parameters: stack.parameters ?? {} });
  const notices = new Set<string>();
  const folders = [...codeFolders(stack.assets, scope)].map(
    ([key, path]) => [key, join(stack.assemblyFolder, path)] as const,
  );
  return {
    ...scope,
    deployment,
    ofType: (type) => [...scope.resources.values()].filter((resource) => resource.type === type),
    nameOf: (resource) => nameOf(resource, deployment),
    refOf: (resource) => refOf(resource, deployment),
    arnOf: (resource) => attributeOf(resource, 'Arn', deployment),
    codeFolders: new Map(folders),
    inlineFolder: stack.inlineFolder ?? join(stack.assemblyFolder, 'inline'),
    notice: (sentence) => notices.add(sentence),
    get notices() {
      return [...notices];
    },
  };
}
