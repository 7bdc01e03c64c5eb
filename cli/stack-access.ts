import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { isJsonObject } from '../shared/runtime/json-object.ts';
import { quoted } from '../shared/operate/curl-command.ts';
import { CommandFault } from './command-fault.ts';

/** What the SDK's clients are made with. */
export type AwsConfiguration = {
  region?: string;
  profile?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
};

/** What a function answered. `text` is its JSON as it came. */
export type FunctionAnswer =
  | { kind: 'answered'; text: string; value: unknown }
  | { kind: 'refused'; text: string; errorType: string; errorMessage: string };

/** One stack, deployed or on this machine, as commands use it: through its functions and AWS APIs. */
export type StackAccess = {
  /** For people: which stack this is. */
  name: string;
  /** Its bare name. */
  label: string;
  /** Options of the command line that name it. */
  options: string;
  /** Address of the console, which only a local stack has. */
  console: string | undefined;
  /** For SDK clients that a command makes itself. */
  configuration: AwsConfiguration;
  /** Outputs by their name; of a local stack none. */
  outputs: Readonly<Record<string, string>>;
  /** Invokes a function by its role (`enqueue`, `inspect`, …) with text of JSON. Throws CommandFault if that fails. */
  invoke(role: string, request: string): Promise<FunctionAnswer>;
};

export function localStack(endpoints: Readonly<Record<string, unknown>>, dataDir: string): StackAccess {
  const { aws, console, region, functions } = endpoints;
  const configuration = {
    endpoint: String(aws),
    region: String(region),
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const names = isJsonObject(functions) ? functions : {};
  return {
    name: `the local stack in ${dataDir}`,
    label: 'local',
    options: `--data-dir ${quoted(dataDir)}`,
    console: String(console),
    configuration,
    outputs: {},
    invoke: invokeWith(configuration, (role) => (typeof names[role] === 'string' ? names[role] : undefined)),
  };
}

export function deployedStack(stack: {
  name: string;
  outputs: Readonly<Record<string, string>>;
  configuration: AwsConfiguration;
  options: string;
}): StackAccess {
  const { name, outputs, configuration, options } = stack;
  const region = configuration.region === undefined ? '' : ` in ${configuration.region}`;
  return {
    name: `the stack ${name}${region}`,
    label: name,
    options,
    console: undefined,
    configuration,
    outputs,
    invoke: invokeWith(configuration, (role) => outputs[`${role.charAt(0).toUpperCase()}${role.slice(1)}FunctionName`]),
  };
}

function invokeWith(
  configuration: AwsConfiguration,
  nameOf: (role: string) => string | undefined,
): StackAccess['invoke'] {
  let client: LambdaClient | undefined;
  return async (role, request) => {
    const functionName = nameOf(role);
    if (functionName === undefined) {
      throw CommandFault.failed(`this stack has no function ${role}: it was deployed from an older version`);
    }
    client ??= new LambdaClient(configuration);
    try {
      const command = new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(request) });
      const { FunctionError, Payload } = await client.send(command);
      return answerOf(Buffer.from(Payload ?? []).toString('utf8'), FunctionError);
    } catch (cause) {
      if (cause instanceof CommandFault) throw cause;
      const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown';
      throw CommandFault.failed(`${role} could not be invoked: ${why}`, { cause });
    }
  };
}

function answerOf(text: string, functionError: string | undefined): FunctionAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw CommandFault.failed('the function’s answer is no JSON', { cause });
  }
  if (functionError === undefined) return { kind: 'answered', text, value };
  const { errorType = functionError, errorMessage = '' } = isJsonObject(value) ? value : {};
  return { kind: 'refused', text, errorType: String(errorType), errorMessage: String(errorMessage) };
}
