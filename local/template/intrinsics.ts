import { isJsonObject, type JsonObject } from '../json-object.ts';
import { attributeOf, refOf, resourcesOf, type Deployment, type Resource } from './resource-references.ts';
import { TemplateError } from './template-values.ts';

/** A template's values with every reference followed. */
export type TemplateScope = {
  /** The value with its intrinsics replaced; undefined if it was `AWS::NoValue`. */
  resolve: (value: unknown) => unknown;
  /** Resources whose `Condition` holds, in the template's order. */
  resources: ReadonlyMap<string, Resource>;
};

type Context = {
  deployment: Deployment;
  parameters: Readonly<Record<string, string>>;
  conditions: JsonObject;
  resources: Map<string, Resource>;
  /** Conditions under evaluation, to report a cycle instead of overflowing the stack. */
  open: Set<string>;
};

type Intrinsic = (argument: unknown, context: Context) => unknown;

export type ScopeInput = {
  template: JsonObject;
  deployment: Deployment;
  /** Values for the template's parameters; the others take their `Default`. */
  parameters: Readonly<Record<string, string>>;
};

/** Reads a template so that its values can be resolved. Throws TemplateError, also later, from `resolve`. */
export function templateScope({ template, deployment, parameters }: ScopeInput): TemplateScope {
  const context: Context = {
    deployment,
    parameters: { ...defaultParameters(template), ...parameters },
    conditions: isJsonObject(template['Conditions']) ? template['Conditions'] : {},
    resources: new Map(),
    open: new Set(),
  };
  const resolve = (value: unknown): unknown => resolved(value, context);
  for (const [logicalId, resource] of resourcesOf(template, resolve)) context.resources.set(logicalId, resource);
  const absent = absentResources(template, context);
  return { resolve, resources: new Map([...context.resources].filter(([logicalId]) => !absent.has(logicalId))) };
}

function defaultParameters(template: JsonObject): Record<string, string> {
  const parameters = isJsonObject(template['Parameters']) ? template['Parameters'] : {};
  const defaults: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = isJsonObject(parameter) ? parameter['Default'] : undefined;
    if (typeof value === 'string' || typeof value === 'number') defaults[name] = String(value);
  }
  return defaults;
}

function absentResources(template: JsonObject, context: Context): Set<string> {
  const absent = new Set<string>();
  const resources = isJsonObject(template['Resources']) ? template['Resources'] : {};
  for (const [logicalId, resource] of Object.entries(resources)) {
    const condition = isJsonObject(resource) ? resource['Condition'] : undefined;
    if (typeof condition === 'string' && !conditionHolds(condition, context)) absent.add(logicalId);
  }
  return absent;
}

function resolved(value: unknown, context: Context): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolved(item, context)).filter((item) => item !== undefined);
  }
  if (!isJsonObject(value)) return value;
  const [only, ...others] = Object.keys(value);
  if (only !== undefined && others.length === 0) {
    const intrinsic = INTRINSICS[only];
    if (intrinsic !== undefined) return intrinsic(value[only], context);
    if (only.startsWith('Fn::')) throw new TemplateError(`the local twin does not know the intrinsic ${only}`);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, resolved(item, context)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, context) => reference(text(argument, 'Ref'), context),
  'Fn::GetAtt': (argument, context) => {
    const [logicalId, ...attribute] = Array.isArray(argument)
      ? argument.map((part) => text(resolved(part, context), 'Fn::GetAtt'))
      : text(argument, 'Fn::GetAtt').split('.');
    return attributeOf(resourceNamed(logicalId ?? '', context), attribute.join('.'), context.deployment);
  },
  'Fn::Join': (argument, context) => {
    const [separator, parts] = pair(argument, 'Fn::Join');
    return list(resolved(parts, context), 'Fn::Join')
      .map((part) => text(part, 'Fn::Join'))
      .join(text(separator, 'Fn::Join'));
  },
  'Fn::Split': (argument, context) => {
    const [separator, source] = pair(argument, 'Fn::Split');
    return text(resolved(source, context), 'Fn::Split').split(text(separator, 'Fn::Split'));
  },
  'Fn::Select': (argument, context) => {
    const [index, items] = pair(argument, 'Fn::Select');
    const item = list(resolved(items, context), 'Fn::Select')[Number(resolved(index, context))];
    if (item === undefined) throw new TemplateError(`Fn::Select: no item ${String(index)}`);
    return item;
  },
  'Fn::Sub': (argument, context) => substituted(argument, context),
  'Fn::If': (argument, context) => {
    const [condition, then, otherwise] = list(argument, 'Fn::If');
    return resolved(conditionHolds(text(condition, 'Fn::If'), context) ? then : otherwise, context);
  },
  'Fn::GetAZs': (_argument, { deployment }) => ['a', 'b', 'c'].map((zone) => `${deployment.region}${zone}`),
};

function substituted(argument: unknown, context: Context): string {
  const [pattern, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const given = isJsonObject(variables) ? variables : {};
  return text(pattern, 'Fn::Sub').replaceAll(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    if (Object.hasOwn(given, name)) return text(resolved(given[name], context), 'Fn::Sub');
    const value = name.includes('.') ? resolved({ 'Fn::GetAtt': name }, context) : reference(name, context);
    return text(value, `Fn::Sub \${${name}}`);
  });
}

function reference(name: string, context: Context): unknown {
  const { deployment } = context;
  switch (name) {
    case 'AWS::Region':
      return deployment.region;
    case 'AWS::AccountId':
      return deployment.accountId;
    case 'AWS::Partition':
      return deployment.partition;
    case 'AWS::URLSuffix':
      return deployment.urlSuffix;
    case 'AWS::StackName':
      return deployment.stackName;
    case 'AWS::StackId': {
      const { partition, region, accountId, stackName } = deployment;
      return `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/local`;
    }
    case 'AWS::NoValue':
      return undefined;
    default: {
      const parameter = context.parameters[name];
      return parameter ?? refOf(resourceNamed(name, context), deployment);
    }
  }
}

function resourceNamed(logicalId: string, context: Context): Resource {
  const resource = context.resources.get(logicalId);
  if (resource === undefined) {
    throw new TemplateError(`${logicalId}: no resource, and no parameter with a value, of this name`);
  }
  return resource;
}

function conditionHolds(name: string, context: Context): boolean {
  if (!Object.hasOwn(context.conditions, name)) throw new TemplateError(`there is no condition ${name}`);
  if (context.open.has(name)) throw new TemplateError(`the condition ${name} refers to itself`);
  context.open.add(name);
  try {
    return holds(context.conditions[name], context);
  } finally {
    context.open.delete(name);
  }
}

function holds(condition: unknown, context: Context): boolean {
  const [operator, ...others] = isJsonObject(condition) ? Object.keys(condition) : [];
  if (!isJsonObject(condition) || operator === undefined || others.length > 0) {
    throw new TemplateError('a condition that is not an intrinsic');
  }
  const argument = condition[operator];
  switch (operator) {
    case 'Condition':
      return conditionHolds(text(argument, 'Condition'), context);
    case 'Fn::Equals': {
      const [left, right] = pair(argument, 'Fn::Equals');
      return JSON.stringify(resolved(left, context)) === JSON.stringify(resolved(right, context));
    }
    case 'Fn::And':
      return list(argument, operator).every((part) => holds(part, context));
    case 'Fn::Or':
      return list(argument, operator).some((part) => holds(part, context));
    case 'Fn::Not':
      return !holds(list(argument, operator)[0], context);
    default:
      throw new TemplateError(`the local twin does not know ${operator} in a condition`);
  }
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${where}: expected a string`);
}

function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw new TemplateError(`${where}: expected a list`);
  return value;
}

function pair(value: unknown, where: string): [unknown, unknown] {
  const items = list(value, where);
  if (items.length !== 2) throw new TemplateError(`${where}: expected two arguments`);
  return [items[0], items[1]];
}
