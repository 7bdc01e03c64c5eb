import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined };

/** One POST without a query. */
type RequestToSign = {
  /** As in the Host header. */
  host: string;
  /** Only characters that need no escape. */
  path: string;
  contentType: string;
  /** Of services that are told the operation by a header. */
  target?: string | undefined;
  body: string;
  /** Milliseconds since the Unix epoch. */
  atMs: number;
};

export type SignRequest = (request: RequestToSign) => string[];

/**
 * Returns the headers of a request, signed by Signature Version 4, as a flat list of names and values: Node writes such a list as it
 * is. The key of a day is derived once.
 */
export function requestSigner(
  credentials: AwsCredentials,
  { region, service }: { region: string; service: string },
): SignRequest {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  let known: { day: string; key: KeyObject } | undefined;

  function keyOf(day: string): KeyObject {
    if (known?.day !== day) {
      const parts = [day, region, service, 'aws4_request'];
      const key = parts.reduce((secret, part) => hmac(secret, part).digest(), Buffer.from(`AWS4${secretAccessKey}`));
      known = { day, key: createSecretKey(key) };
    }
    return known.key;
  }

  return ({ host, path, contentType, target, body, atMs }) => {
    const time = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const digest = hash('sha256', body);
    // In the order of their names, as the signature wants them.
    const headers = [
      ['content-type', contentType],
      ['host', host],
      ['x-amz-content-sha256', digest],
      ['x-amz-date', time],
      ...(sessionToken === undefined ? [] : [['x-amz-security-token', sessionToken] as const]),
      ...(target === undefined ? [] : [['x-amz-target', target] as const]),
    ] as const;
    const names = headers.map(([name]) => name).join(';');
    const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
    const canonical = `POST\n${path}\n\n${lines}\n${names}\n${digest}`;
    const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = hmac(keyOf(day), toSign).digest('hex');
    return [
      ...headers.flat(),
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    ];
  };
}

function hmac(key: Buffer | KeyObject, text: string) {
  return createHmac('sha256', key).update(text);
}
