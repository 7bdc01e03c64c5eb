import type { Clock } from '../runtime/clock.ts';
import { type AwsAccess, regionalEndpoint } from './aws-access.ts';
import { AwsFault, pauseBeforeRetry } from './aws-fault.ts';
import { AbortError, type HttpPost, type PostAnswer } from './http-post.ts';
import { requestSigner, type SignRequest } from './signed-headers.ts';

/** Operations of a service by name: what goes in and what comes out, as its API names them. */
type Operations = Readonly<Record<string, { input: object; output: object }>>;

/** One AWS service, asked by the names and in the shapes of its API. */
export type AwsCalls<Known extends Operations> = {
  /**
   * Rejects with an AbortError, an error of Node's network, or an AwsFault. What may pass is asked up to three times, with a pause, so
   * an operation may run twice, also where it is answered once.
   */
  call<Name extends keyof Known & string>(
    name: Name,
    input: Known[Name]['input'],
    options: { abortSignal: AbortSignal },
  ): Promise<Known[Name]['output']>;
  /** Closes the connections that are kept. */
  destroy(): void;
};

export type AwsProtocol<Operation extends string> = {
  /** As in the signature and in host names. */
  service: string;
  contentType: string;
  /** Of an operation. */
  place: (operation: Operation) => { path: string; target?: string };
  /** Of what is asked for, where no endpoint is set. */
  endpoint?: (input: object) => string | undefined;
};

export type CallTools = {
  access: () => AwsAccess;
  http: HttpPost;
  clock: Clock;
  maxTries: number;
  /** What goes into X-Amzn-Trace-Id: Lambda finds loops by it. */
  traceId: () => string | undefined;
};

/** Calls in JSON, signed, with the repeats of the SDK's standard mode. */
export class SignedCalls<Known extends Operations> implements AwsCalls<Known> {
  readonly #protocol: AwsProtocol<keyof Known & string>;
  readonly #tools: CallTools;
  /** Few are ever used, and each is parsed once. */
  readonly #endpoints = new Map<string, URL>();
  #opened: { access: AwsAccess; sign: SignRequest } | undefined;

  constructor(protocol: AwsProtocol<keyof Known & string>, tools: CallTools) {
    this.#protocol = protocol;
    this.#tools = tools;
  }

  async call<Name extends keyof Known & string>(
    name: Name,
    input: Known[Name]['input'],
    { abortSignal }: { abortSignal: AbortSignal },
  ): Promise<Known[Name]['output']> {
    const { text } = await this.#answered(name, input, abortSignal);
    // The shape is what the service's API promises; whoever reads it takes nothing for granted that may be absent.
    return (text === '' ? {} : JSON.parse(text)) as Known[Name]['output'];
  }

  destroy(): void {
    this.#tools.http.close();
  }

  async #answered(operation: keyof Known & string, input: object, abortSignal: AbortSignal): Promise<PostAnswer> {
    const { clock, maxTries } = this.#tools;
    const body = JSON.stringify(input);
    const endpoint = this.#endpointOf(input);
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once({ operation, endpoint, body }, abortSignal);
      } catch (error) {
        const pauseMs = pauseBeforeRetry(error, { tries, random: clock.random() });
        if (tries >= maxTries || pauseMs === undefined) throw error;
        await pause(clock, pauseMs, abortSignal);
      }
    }
  }

  async #once(
    { operation, endpoint, body }: { operation: keyof Known & string; endpoint: URL; body: string },
    abortSignal: AbortSignal,
  ): Promise<PostAnswer> {
    const { clock, http, traceId } = this.#tools;
    const { path, target } = this.#protocol.place(operation);
    const { contentType } = this.#protocol;
    // Signed anew for each try: a signature is valid for minutes, and a process may have been frozen in between.
    const headers = this.#open().sign({ host: endpoint.host, path, contentType, target, body, atMs: clock.nowMs() });
    const trace = traceId();
    if (trace !== undefined) headers.push('x-amzn-trace-id', trace);
    const answer = await http.post({ endpoint, path, headers, body }, abortSignal);
    if (answer.status < 200 || answer.status > 299) throw AwsFault.of(answer);
    return answer;
  }

  #endpointOf(input: object): URL {
    const { access } = this.#open();
    const { service, endpoint } = this.#protocol;
    const text = access.endpoint ?? endpoint?.(input) ?? regionalEndpoint(service, access.region);
    const known = this.#endpoints.get(text);
    if (known !== undefined) return known;
    const url = new URL(text);
    this.#endpoints.set(text, url);
    return url;
  }

  #open(): { access: AwsAccess; sign: SignRequest } {
    if (this.#opened !== undefined) return this.#opened;
    const access = this.#tools.access();
    const { service } = this.#protocol;
    this.#opened = { access, sign: requestSigner(access.credentials, { region: access.region, service }) };
    return this.#opened;
  }
}

function pause(clock: Clock, pauseMs: number, abortSignal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new AbortError());
    };
    const cancel = clock.after(pauseMs, () => {
      abortSignal.removeEventListener('abort', abort);
      resolve();
    });
    if (abortSignal.aborted) abort();
    else abortSignal.addEventListener('abort', abort, { once: true });
  });
}
