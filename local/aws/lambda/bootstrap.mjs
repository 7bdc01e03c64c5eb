// The runtime inside a function's process: asks the Runtime API for an event, runs the handler, posts the result. Plain
// JavaScript, because stripping types would cost every cold start some 30 ms.
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const { env } = process;
const { _HANDLER: handlerAddress } = env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true });
let requestId;
let ending = false;

// Only the parent holds the other end: when it dies, also by kill -9, the pipe closes.
const lifeline = new Socket({ fd: 3, readable: true, writable: false });
lifeline.on('error', () => {});
lifeline.on('close', () => process.kill(process.pid, 'SIGKILL'));
lifeline.resume();
// A handler that waits for nothing must be able to end the process, as on Lambda.
lifeline.unref();

function call(method, path, body) {
  const headers =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host, port, agent, method, headers, path: `/2018-06-01/runtime/${path}` },
      (incoming) => {
        const chunks = [];
        incoming.on('data', (chunk) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ headers: incoming.headers, text: Buffer.concat(chunks).toString() }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** An error of the runtime itself, by the name of its class in AWS' own client; that one's log shows it. */
function runtimeError(className, message) {
  const named = { [className]: class extends Error {} }[className];
  const error = new named(message);
  error.name = `Runtime.${className === 'JSONStringifyError' ? className : className.replace(/(?<!Module|Syntax)Error$/, '')}`;
  return error;
}

function describe(error) {
  if (error instanceof Error || (typeof error?.stack === 'string' && typeof error?.message === 'string')) {
    const trace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
    return { errorType: error.name || 'Error', errorMessage: error.message, trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

// As AWS' own client does it: the class's name, which a bundler may have shortened, unless the error has a field of that name.
function asLoggable(_key, value) {
  if (!(value instanceof Error)) return value;
  return { ...loggedError(value), ...value };
}

function loggedError({ constructor, message, stack }) {
  return {
    errorType: constructor?.name ?? 'UnknownError',
    errorMessage: message,
    stackTrace: typeof stack === 'string' ? stack.split('\n') : [],
  };
}

function asText(_key, value) {
  if (!(value instanceof Error)) return value;
  const { name, message, code, stack } = value;
  return { errorType: name, errorMessage: message, code, ...value, stack: stack?.split('\n') };
}

function jsonLine(level, parameters) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  const error = parameters.find((parameter) => parameter instanceof Error);
  if (parameters.length === 1) {
    try {
      return JSON.stringify({ ...line, message: parameters[0] }, asLoggable);
    } catch {
      // Circular or a BigInt: the text form below takes everything.
    }
  }
  const details = parameters.length > 1 && error !== undefined ? loggedError(error) : {};
  return JSON.stringify({ ...line, message: format(...parameters), ...details });
}

// As Lambda does it: one event a line, so a line break within a message becomes a carriage return.
function textLine(level, parameters) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...parameters).replaceAll('\n', '\r')}`;
}

function logError(what, error) {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const line =
    env.AWS_LAMBDA_LOG_FORMAT === 'JSON'
      ? jsonLine('ERROR', [thrown])
      : textLine('ERROR', [what, `\t${JSON.stringify(thrown, asText)}`]);
  process.stdout.write(`${line}\n`);
}

function patchConsole() {
  const json = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
  const lineOf = json ? jsonLine : textLine;
  const least = json ? Math.max(0, LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL)) : 0;
  const writerOf = (level) => {
    if (LEVELS.indexOf(level) < least) return () => {};
    return (...parameters) => void process.stdout.write(`${lineOf(level, parameters)}\n`);
  };
  const methods = {
    trace: 'TRACE',
    debug: 'DEBUG',
    log: 'INFO',
    info: 'INFO',
    warn: 'WARN',
    error: 'ERROR',
    fatal: 'FATAL',
  };
  for (const [method, level] of Object.entries(methods)) console[method] = writerOf(level);
}

async function loadHandler() {
  const dot = handlerAddress.lastIndexOf('.');
  const [module, name] = [handlerAddress.slice(0, dot), handlerAddress.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs']
    .map((end) => join(env.LAMBDA_TASK_ROOT, module + end))
    .find((path) => existsSync(path));
  if (file === undefined) throw runtimeError('ImportModuleError', `Error: Cannot find module '${module}'`);
  const loaded = await import(pathToFileURL(file).href).catch((error) => {
    if (error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND') {
      throw runtimeError('ImportModuleError', String(error));
    }
    if (error instanceof SyntaxError) throw runtimeError('UserCodeSyntaxError', String(error));
    throw error;
  });
  const handler = loaded[name] ?? loaded.default?.[name];
  if (handler === undefined) {
    throw runtimeError('HandlerNotFoundError', `${handlerAddress} is undefined or not exported`);
  }
  if (typeof handler !== 'function') throw runtimeError('HandlerNotFoundError', `${handlerAddress} is not a function`);
  if (handler.length > 2) {
    const message = 'Callback-based function handlers are not supported from Node.js 24 on; use an async handler.';
    throw runtimeError('CallbackHandlerDeprecatedError', message);
  }
  return handler;
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

async function runNext(handler) {
  const { headers, text } = await call('GET', 'invocation/next');
  requestId = headers['lambda-runtime-aws-request-id'];
  if (headers['lambda-runtime-trace-id']) env['_X_AMZN_TRACE_ID'] = headers['lambda-runtime-trace-id'];
  let answer;
  try {
    answer = asAnswer(await handler(JSON.parse(text), contextOf(headers)));
  } catch (error) {
    logError('Invoke Error', error);
    await call('POST', `invocation/${requestId}/error`, JSON.stringify(describe(error)));
    return;
  }
  await call('POST', `invocation/${requestId}/response`, answer);
}

function asAnswer(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw runtimeError('JSONStringifyError', 'Unable to stringify response body');
  }
}

async function give(error, exitCode) {
  ending = true;
  logError(requestId === undefined ? 'Init Error' : 'Uncaught Exception', error);
  const path = requestId === undefined ? 'init/error' : `invocation/${requestId}/error`;
  try {
    await call('POST', path, JSON.stringify(describe(error)));
  } finally {
    process.exit(exitCode);
  }
}

patchConsole();
process.on('unhandledRejection', (reason) => {
  const error = runtimeError('UnhandledPromiseRejection', String(reason));
  // Where the lost promise was rejected, not where that was noticed.
  if (typeof reason?.stack === 'string') error.stack = reason.stack;
  void give(error, 128);
});
process.on('uncaughtException', (error) => void give(error, 129));
process.on('beforeExit', () => {
  const why = 'The handler waits for a promise that nothing can settle any more.';
  void give(runtimeError('NodeJsExit', why), 13);
});

async function serve() {
  const handler = await loadHandler();
  for (;;) {
    // A process that is about to exit must not take another event.
    if (ending) return;
    await runNext(handler);
  }
}

try {
  await serve();
} catch (error) {
  await give(error, 1);
}
