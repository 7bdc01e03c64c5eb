import { SurehookError } from './surehook-error.ts';

/** An SDK client. Typed by its shape: an app that uses one of the two needs no types of the other. */
export type AwsClient = { send(...command: never[]): Promise<unknown> };

type Sends<Command> = { send(command: Command): Promise<unknown> };

/** What a function came to: its answer, or the error that it ended with. */
type Called = { answer: unknown } | { failure: { errorType: string; errorMessage: string } };
/** Calls a function with text of JSON. Throws SurehookError if the call itself fails. */
export type CallFunction = (functionName: string, request: string) => Promise<Called>;
/** Sends text as a message and returns its id. Throws SurehookError. */
export type SendMessage = (queueUrl: string, body: string) => Promise<string>;

/** @param given the caller's own `LambdaClient`; without it one with the SDK's defaults */
export async function lambdaCalls(given: AwsClient | undefined): Promise<CallFunction> {
  const { InvokeCommand, LambdaClient } = await loaded(
    () => import('@aws-sdk/client-lambda'),
    '@aws-sdk/client-lambda',
  );
  const client = (given ?? new LambdaClient()) as Sends<InstanceType<typeof InvokeCommand>>;
  return async (functionName, request) => {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(request) });
    const { FunctionError, Payload } = (await called(() => client.send(command))) as {
      FunctionError?: string;
      Payload?: Uint8Array;
    };
    const answer = jsonOf(Buffer.from(Payload ?? []).toString());
    if (FunctionError === undefined) return { answer };
    return { failure: { errorType: FunctionError, errorMessage: '', ...(answer as object) } };
  };
}

/** @param given the caller's own `SQSClient`; without it one with the SDK's defaults */
export async function queueCalls(given: AwsClient | undefined): Promise<SendMessage> {
  const { SendMessageCommand, SQSClient } = await loaded(() => import('@aws-sdk/client-sqs'), '@aws-sdk/client-sqs');
  const client = (given ?? new SQSClient()) as Sends<InstanceType<typeof SendMessageCommand>>;
  return async (queueUrl, body) => {
    const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body });
    const { MessageId } = (await called(() => client.send(command))) as { MessageId?: string };
    return MessageId ?? '';
  };
}

async function loaded<Module>(load: () => Promise<Module>, name: string): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new Error(`surehook/client needs ${name}, which cannot be loaded: npm install ${name}`, { cause });
  }
}

/** The SDK has tried again by then whatever it tries again. */
async function called<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (cause) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown';
    throw new SurehookError(isRefusal(cause) ? 'CallRefused' : 'CallFailed', `the call failed: ${what}`, { cause });
  }
}

/** AWS answered that the call is at fault, and not that it came too often. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || !('$fault' in error)) return false;
  return error.$fault === 'client' && !/throttl|toomanyrequests|limitexceeded/i.test(error.name);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SurehookError('CallFailed', 'the function’s answer is no JSON', { cause });
  }
}
