import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Timers } from '../../timers.ts';
import { errorResult, faultResult, readFault, type FunctionFault, type Invocation } from './invocation.ts';
import type { FunctionLogLine, LambdaFunction } from './lambda-function.ts';
import { lineReader } from './output-lines.ts';
import { BOOTSTRAP_FILE, nodeArguments, processEnvironment } from './process-environment.ts';
import type { IdleShare } from './processor-idleness.ts';
import { MAX_ANSWER_BYTES, startRuntimeApi, type RuntimeApi } from './runtime-api.ts';

/** Lambda's own limit for the code outside the handler. */
const INIT_TIMEOUT_MS = 10_000;

/** Ctrl-C and its kind reach every process at once: there is nothing to tell, the stack ends. */
const OF_THE_TERMINAL = /signal: SIG(?:INT|QUIT|HUP)$/;

export type ProcessSettings = {
  lambdaFunction: LambdaFunction;
  region: string;
  timers: Timers;
  /** Variables of this one process: its credentials and its endpoint. */
  environmentFor: (lambdaFunction: LambdaFunction, processId: string) => Readonly<Record<string, string>>;
  /** Called when a process has ended, for whatever reason. */
  processEnded?: ((processId: string) => void) | undefined;
  log: (line: FunctionLogLine) => void;
  /** What asks for events and calls the handler; default: the bootstrap of this room. */
  bootstrapFile?: string;
  /** Recent share of the processors' time, 0–1. */
  idleShare: IdleShare;
};

export type ProcessOwner = {
  /** It can take an invocation: after initialising, and as soon as it has answered one. */
  onFree: (process: FunctionProcess) => void;
  /** It has ended. `fault`: it never finished initialising. `untouched`: an invocation it was given but never took. */
  onEnd: (process: FunctionProcess, end: { fault?: FunctionFault; untouched?: Invocation }) => void;
};

type State = 'starting' | 'free' | 'busy' | 'ended';

/** One process of a function: takes one event at a time, until it dies or is killed. */
export class FunctionProcess {
  readonly id = randomBytes(16).toString('hex');
  /** Of the last change to `free`, epoch milliseconds. */
  freeSinceMs = 0;
  readonly #settings: ProcessSettings;
  readonly #owner: ProcessOwner;
  #state: State = 'starting';
  #api: RuntimeApi | undefined;
  #child: ChildProcess | undefined;
  #current: Invocation | undefined;
  #delivered = false;
  #lastRequestId: string | undefined;
  #initFault: FunctionFault | undefined;
  #cancelTimeout: () => void = () => {};
  #exit: FunctionFault | undefined;
  readonly #exited = Promise.withResolvers<void>();

  constructor(settings: ProcessSettings, owner: ProcessOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#limit(INIT_TIMEOUT_MS, () => this.#initTookTooLong());
    void this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Hands over an invocation. The process must be free. */
  run(invocation: Invocation): void {
    if (this.#state !== 'free') throw new Error(`a process that is ${this.#state} cannot take an invocation`);
    this.#state = 'busy';
    this.#current = invocation;
    this.#delivered = false;
    // A runtime that has just answered may not have asked for the next event yet; `ready` delivers it then.
    this.#deliver();
  }

  /** Kills the process; an invocation under way is settled as stopped. Resolves when the process is gone. */
  kill(): Promise<void> {
    const invocation = this.#current;
    this.#current = undefined;
    this.#end({});
    invocation?.settle({ kind: 'stopped' });
    return this.#exited.promise;
  }

  async #start(): Promise<void> {
    try {
      const api = await startRuntimeApi({
        ready: () => this.#ready(),
        answered: (requestId, answer) => this.#answered(requestId, answer),
        failed: (requestId, error) => this.#failed(requestId, error),
        answerTooLarge: (requestId) => this.#answerTooLarge(requestId),
        initFailed: (error) => {
          this.#initFault = readFault(error);
        },
        silent: () => this.#endAfterExit(),
      });
      this.#api = api;
      if (this.#state === 'ended') {
        api.close();
        this.#exited.resolve();
        return;
      }
      this.#child = this.#spawn(api.address);
    } catch (error) {
      this.#hasExited(startFault(error));
    }
  }

  #spawn(runtimeApiAddress: string): ChildProcess {
    const { lambdaFunction, region, timers, environmentFor, bootstrapFile = BOOTSTRAP_FILE } = this.#settings;
    const env = processEnvironment({
      lambdaFunction,
      region,
      processId: this.id,
      runtimeApiAddress,
      startedAtMs: timers.nowMs(),
      extra: environmentFor(lambdaFunction, this.id),
    });
    // The fourth pipe is the lifeline: it closes when this process dies, and the bootstrap ends itself then.
    const child = spawn(process.execPath, [...nodeArguments(lambdaFunction.memoryMb), bootstrapFile], {
      cwd: resolve(lambdaFunction.codeFolder),
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#follow(child);
    return child;
  }

  #follow(child: ChildProcess): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const reader = lineReader((text) => this.#log(stream, text));
      child[stream]?.on('data', (chunk: Buffer) => reader.push(chunk));
      child[stream]?.on('end', () => reader.end());
    }
    child.stdio[3]?.on('error', () => {});
    // Also reports a kill that came after the exit.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#hasExited(startFault(error));
    });
    child.on('exit', (code, signal) => this.#hasExited(exitFault(code, signal)));
  }

  #ready(): void {
    if (this.#state === 'starting') {
      this.#cancelTimeout();
      this.#becomeFree();
    } else if (this.#state === 'busy' && !this.#delivered) {
      this.#deliver();
    }
  }

  #becomeFree(): void {
    this.#state = 'free';
    this.freeSinceMs = this.#settings.timers.nowMs();
    this.#owner.onFree(this);
  }

  #deliver(): void {
    const invocation = this.#current;
    if (invocation === undefined) return;
    const { timers, lambdaFunction } = this.#settings;
    const timeoutMs = lambdaFunction.timeoutSeconds * 1000;
    if (this.#api?.deliver(invocation, timers.nowMs() + timeoutMs) !== true) return;
    this.#delivered = true;
    invocation.takenAtMs = timers.nowMs();
    this.#lastRequestId = invocation.requestId;
    this.#limit(timeoutMs, () => this.#timedOut(invocation));
  }

  #answered(requestId: string, answer: Buffer): 'taken' | 'unknown request' {
    const invocation = this.#finish(requestId);
    if (invocation === undefined) return 'unknown request';
    invocation.settle({ kind: 'returned', requestId, payload: answer });
    this.#becomeFree();
    return 'taken';
  }

  #failed(requestId: string, error: Buffer): 'taken' | 'unknown request' {
    const invocation = this.#finish(requestId);
    if (invocation === undefined) return 'unknown request';
    invocation.settle(errorResult(requestId, error));
    this.#becomeFree();
    return 'taken';
  }

  #answerTooLarge(requestId: string): void {
    const invocation = this.#finish(requestId);
    if (invocation === undefined) return;
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_ANSWER_BYTES} bytes).`;
    invocation.settle(faultResult(requestId, { errorType: 'Function.ResponseSizeTooLarge', errorMessage }));
    this.#becomeFree();
  }

  #finish(requestId: string): Invocation | undefined {
    const invocation = this.#current;
    if (invocation === undefined || !this.#delivered || invocation.requestId !== requestId) return undefined;
    this.#cancelTimeout();
    this.#current = undefined;
    return invocation;
  }

  #timedOut(invocation: Invocation): void {
    const { timers, lambdaFunction } = this.#settings;
    const { requestId } = invocation;
    const when = new Date(timers.nowMs()).toISOString();
    const errorMessage = `${when} ${requestId} Task timed out after ${lambdaFunction.timeoutSeconds.toFixed(2)} seconds`;
    this.#log('platform', errorMessage);
    this.#current = undefined;
    this.#end({});
    invocation.settle(faultResult(requestId, { errorType: 'Sandbox.Timedout', errorMessage }));
  }

  /**
   * Lambda then initialises once more, within the time of the waiting invocation. Here the same initialisation continues for
   * that time: on a machine that starts many processes at once, starting over might never succeed.
   */
  #initTookTooLong(): void {
    const { timeoutSeconds } = this.#settings.lambdaFunction;
    this.#log('platform', `INIT_REPORT Init Duration: ${INIT_TIMEOUT_MS}.00 ms\tPhase: init\tStatus: timeout`);
    this.#limit(timeoutSeconds * 1000, () => {
      const errorMessage = `The function did not initialise within ${INIT_TIMEOUT_MS / 1000 + timeoutSeconds} seconds`;
      this.#end({ fault: { errorType: 'Sandbox.Timedout', errorMessage } });
    });
  }

  #hasExited(fault: FunctionFault): void {
    this.#exit = fault;
    this.#settings.processEnded?.(this.id);
    this.#exited.resolve();
    this.#endAfterExit();
  }

  /** After the exit, and after the last byte the process sent: an answer may still be on its way when it exits. */
  #endAfterExit(): void {
    const exit = this.#exit;
    if (exit === undefined || this.#state === 'ended' || (this.#api?.connections() ?? 0) > 0) return;
    const invocation = this.#current;
    if (this.#state === 'starting') {
      const fault = this.#initFault ?? exit;
      this.#log('platform', `INIT_REPORT Status: error\tError Type: ${fault.errorType}`);
      this.#end({ fault });
    } else if (invocation === undefined) {
      if (!OF_THE_TERMINAL.test(exit.errorMessage))
        this.#log('platform', `An idle process ended: ${exit.errorMessage}`);
      this.#end({});
    } else if (this.#delivered) {
      const errorMessage = `RequestId: ${invocation.requestId} Error: ${exit.errorMessage}`;
      this.#log('platform', errorMessage);
      this.#end({});
      invocation.settle(faultResult(invocation.requestId, { errorType: exit.errorType, errorMessage }));
    } else {
      this.#end({ untouched: invocation });
    }
  }

  #end(end: { fault?: FunctionFault; untouched?: Invocation }): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#cancelTimeout();
    this.#child?.kill('SIGKILL');
    this.#api?.close();
    this.#owner.onEnd(this, end);
  }

  #limit(delayMs: number, fire: () => void): void {
    this.#cancelTimeout();
    this.#cancelTimeout = this.#settings.timers.after(delayMs, fire);
  }

  #log(stream: FunctionLogLine['stream'], text: string): void {
    const functionName = this.#settings.lambdaFunction.name;
    this.#settings.log({ functionName, processId: this.id, requestId: this.#lastRequestId, stream, text });
  }
}

function startFault(error: unknown): FunctionFault {
  const reason = error instanceof Error ? error.message : String(error);
  return { errorType: 'Runtime.Unknown', errorMessage: `The process cannot be started: ${reason}` };
}

function exitFault(code: number | null, signal: NodeJS.Signals | null): FunctionFault {
  const errorType = 'Runtime.ExitError';
  // Lambda names the signal as Go does: `killed`, not SIGKILL.
  if (signal === 'SIGKILL') return { errorType, errorMessage: 'Runtime exited with error: signal: killed' };
  if (signal !== null) return { errorType, errorMessage: `Runtime exited with error: signal: ${signal}` };
  if (code === 0) return { errorType, errorMessage: 'Runtime exited without providing a reason' };
  return { errorType, errorMessage: `Runtime exited with error: exit status ${code}` };
}
