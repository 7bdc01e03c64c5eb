// The shapes of a request and of its answers, in plain types: an app that has the package's types needs no other package's.

/** Any case is accepted; the usual two are typed. */
export type HttpMethod = UpperCaseMethod | Lowercase<UpperCaseMethod>;
type UpperCaseMethod = 'POST' | 'PUT' | 'PATCH' | 'GET' | 'DELETE';

/** Any value that JSON can express. `undefined` is none. */
export type JsonValue = NonNullable<unknown> | null;

/** One webhook to deliver. An optional member that is null counts as left out. */
export type EnqueueRequest = DeliveryDetails & RequestBody;

/** Everything of a request but its body. */
export type DeliveryDetails = {
  /** The run that the webhook is about, 1 to 2^53-1. With the node it makes the request idempotent. */
  workflow_run_id: number;
  /** The organization that the run belongs to, 1 to 2^53-1. */
  organization_id: number;
  /** Which webhook of the run, 1–255 characters. With the run it makes the request idempotent. */
  webhook_node_id: string;
  /** Shown to people, at most 255 characters. */
  webhook_name?: string | null;
  /** `false` skips the webhook: nothing is stored or sent. Default true. */
  enabled?: boolean | null;
  /** Absolute http(s) URL, at most 2048 characters. */
  endpoint_url: string;
  /** Default POST. GET and DELETE send no body. */
  http_method?: HttpMethod | null;
  /** Sent with every attempt. A name that looks like a secret's is dropped with a warning: use a credential. */
  custom_headers?: readonly { key: string; value: string | null }[] | null;
  /** Names a secret, which is looked up when the webhook is sent. */
  credential_uuid?: string | null;
  /** 1–50. Default: the stack's setting. */
  max_attempts?: number | null;
  /** RFC 3339 with an offset, at most 366 days ahead: the first attempt is not before it. */
  scheduled_for?: string | null;
  /** 1–255 characters. Deliveries of one organization with the same key are attempted one after the other, in the order of their storing. */
  ordering_key?: string | null;
  /** What a dead letter means for the later ones of its key. `continue` (default): the next goes; `hold`: they wait until somebody has dealt with it. */
  ordering_on_dead_letter?: 'continue' | 'hold' | null;
  /** The trace that the webhook belongs to (W3C Trace Context): sent with every attempt as it is. */
  traceparent?: string | null;
  /** What the trace's vendors add to it; only with `traceparent`. */
  tracestate?: string | null;
};

/** The body: exactly one of the three. */
export type RequestBody =
  | {
      /** The body, as a value: sent as its JSON. */
      payload: JsonValue;
      payload_json?: null;
      payload_template?: null;
      render_context?: null;
    }
  | {
      payload?: never;
      /** The body, as text of JSON: sent exactly as written. */
      payload_json: string;
      payload_template?: null;
      render_context?: null;
    }
  | {
      payload?: never;
      payload_json?: null;
      /** The body, as a value whose strings may hold `{{placeholders}}`. Rendered once, when it is enqueued. */
      payload_template: JsonValue;
      /** What the placeholders refer to. */
      render_context?: Readonly<Record<string, unknown>> | null;
    };

/** The delivery of a request: a new one, or that of an earlier request for the same run and node. */
export type EnqueueAnswer = {
  /** The id that operators use. */
  delivery_id: number;
  /** Receivers get it with every attempt. */
  delivery_uuid: string;
  /** False: an earlier request made it, and this one changed nothing. */
  created: boolean;
  /** Where it stands. A repeated request is answered with that of the first. */
  status: 'pending' | 'succeeded' | 'dead_letter';
  /** When it is due, RFC 3339; null once it is over. */
  scheduled_for: string | null;
  /** Requests made so far. This and the next two are in the answer to a repeated request alone. */
  attempt_count?: number;
  /** Of the last attempt; null if it had no response, or there was none. */
  last_status_code?: number | null;
  /** Why the last attempt failed, in words; null if none failed. */
  last_error?: string | null;
  /** What was left out or mended, and whether an earlier request differed. */
  warnings: string[];
};

/** The answer to a request with `enabled: false`. */
export type Skipped = { skipped: true; reason: 'disabled' };

/** One request of several that was not taken. */
export type NotTaken = { error: { errorType: SurehookErrorType; errorMessage: string } };

/**
 * Why a request was not taken. The first five are mistakes of the request and stay. `TemporaryFailure` passes: send the same
 * request again. `DatabaseRefused` stays until somebody mends the database. `CallRefused`: AWS refused the call (rights, a name
 * that is not there). `CallFailed`: the call failed otherwise (network, throttling, a function that ended), so that nobody
 * knows whether the request arrived; sending it again is safe.
 */
export type SurehookErrorType =
  | 'InvalidRequest'
  | 'PayloadTooLarge'
  | 'WorkflowRunNotFound'
  | 'WorkflowRunHasNoOrganization'
  | 'OrganizationMismatch'
  | 'TemporaryFailure'
  | 'DatabaseRefused'
  | 'CallRefused'
  | 'CallFailed';
