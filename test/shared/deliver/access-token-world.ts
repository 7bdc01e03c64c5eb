import type { AttemptReport } from '../../../shared/deliver/attempt-delivery.ts';
import type { ClaimedDelivery } from '../../../shared/delivery/delivery.ts';
import { keepConnections, type KeptConnections } from '../../../shared/egress/http-sender.ts';
import { RecordingReceiver } from '../../support/receivers/recording-receiver.ts';
import { loopbackAllowed } from '../../support/receivers/sender-world.ts';
import { AttemptBench, CREDENTIAL_UUID, secret } from './attempt-delivery-world.ts';

export const CLIENT_SECRET = 'canary-client-s3cret';
export const SECRET_NAME = `webhook-credentials/7/${CREDENTIAL_UUID}`;

/** One worker process: attempts over real sockets, to a receiver and a token endpoint on loopback. Only the clock is turned. */
export class AccessTokenBench implements AsyncDisposable {
  readonly attempts = new AttemptBench();
  readonly receiver: RecordingReceiver;
  readonly issuer: RecordingReceiver;
  readonly #kept: KeptConnections;

  private constructor(receiver: RecordingReceiver, issuer: RecordingReceiver) {
    this.receiver = receiver;
    this.issuer = issuer;
    this.#kept = keepConnections({
      policy: loopbackAllowed,
      resolve: async () => ['127.0.0.1'],
      clock: this.attempts.clock,
    });
    this.credential();
  }

  /** The issuer numbers its tokens; the receiver takes whatever comes. */
  static async open(): Promise<AccessTokenBench> {
    let issued = 0;
    const issuer = await RecordingReceiver.open(() => {
      issued += 1;
      return token({ access_token: `canary-token-${issued}`, expires_in: 3600 });
    });
    return new AccessTokenBench(await RecordingReceiver.open(), issuer);
  }

  /** What stands in Secrets Manager from now on. */
  credential(change: Record<string, string> = {}, again: readonly Record<string, string>[] = []): void {
    const data = { token_url: this.issuer.url('/token'), client_id: 'our-id', client_secret: CLIENT_SECRET };
    this.attempts.secrets = [change, ...again].map((one) => secret('oauth2_client_credentials', { ...data, ...one }));
  }

  attempt(change: Partial<ClaimedDelivery> = {}, attemptTimeoutSeconds = 30): Promise<AttemptReport> {
    return this.attempts.attempt(
      { credentialUuid: CREDENTIAL_UUID, endpointUrl: this.receiver.url(), ...change },
      { parts: { connections: this.#kept.begin(), attemptTimeoutSeconds } },
    );
  }

  /** What each request that reached the receiver was authorized by. */
  get sentWith(): (string | undefined)[] {
    return this.receiver.received.map(({ headers }) => headers.authorization);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept.close();
    await this.receiver[Symbol.asyncDispose]();
    await this.issuer[Symbol.asyncDispose]();
  }
}

export function token(members: object): { status: number; body: string } {
  return { status: 200, body: JSON.stringify({ token_type: 'Bearer', ...members }) };
}
