import type { Mutations } from './mutation.ts';

const ADDRESSES = 'test/shared/egress/http-sender-addresses.test.ts';
const DIALLING = 'test/shared/egress/dial-addresses.test.ts';
const TLS = 'test/shared/egress/http-sender-tls.test.ts';
const NAMES = 'test/shared/egress/http-sender-names.test.ts';
const RESOLVER = 'test/shared/egress/name-resolver.test.ts';
const REQUESTS = 'test/shared/egress/http-sender-requests.test.ts';
const CONNECT = 'shared/egress/http-connect.ts';
const DIAL = 'shared/egress/dial-addresses.ts';
const FAILURE = 'shared/egress/http-failure.ts';
const SENDER = 'shared/egress/http-sender.ts';

/** Connecting. */
export const CONNECTING: Mutations = {
  'CON-01': [
    {
      in: CONNECT,
      from: `if (isAllowed(verdict) && address !== undefined) return address;
    // The verdict`,
      to: `if (address !== undefined) return address;
    // The verdict`,
      fails: [{ shownBy: ADDRESSES, title: ' reaches no address at all: ' }],
    },
  ],
  'CON-02': [
    {
      in: 'shared/egress/endpoint-url.ts',
      from: `return hostname.startsWith('[') || isIPv4(host) ? [host] : undefined;`,
      to: `return hostname.startsWith('[') ? [host] : undefined;`,
      fails: [{ shownBy: ADDRESSES, title: ' is dialled as it was judged and never resolved: ' }],
    },
  ],
  'CON-03': [
    {
      in: CONNECT,
      from: 'judgeAnswers(await resolveName(target.host, attempt, options), target, options)',
      to: `(judgeAnswers(await resolveName(target.host, attempt, options), target, options),
        (await resolveName(target.host, attempt, options)) as string[])`,
      fails: [
        { shownBy: ADDRESSES, title: 'is resolved once for a connection, so that a second answer cannot slip in' },
      ],
    },
    {
      in: DIAL,
      from: `return canonicalAddress(socket.remoteAddress ?? '') === address;`,
      to: `return address !== '' && socket.remoteAddress !== undefined;`,
      fails: [
        { shownBy: ADDRESSES, title: 'is let go of when the connection reaches another address than the judged one' },
      ],
    },
  ],
  'CON-05': [
    {
      in: CONNECT,
      from: `return answers.map((answer) => {
    const { verdict, address } = judgeAnswer`,
      to: `return answers.slice(0, 32).map((answer) => {
    const { verdict, address } = judgeAnswer`,
      fails: [
        { shownBy: ADDRESSES, title: 'fails for one forbidden answer among a thousand, and none of them is dialled' },
      ],
    },
    {
      in: DIAL,
      from: 'MAX_DIALLED_AT_ONCE = 4',
      to: 'MAX_DIALLED_AT_ONCE = 5',
      fails: [{ shownBy: DIALLING, title: 'that are silent are dialled four at a time' }],
    },
    {
      in: DIAL,
      from: 'MAX_ADDRESSES_TRIED = 32',
      to: 'MAX_ADDRESSES_TRIED = 64',
      fails: [{ shownBy: ADDRESSES, title: 'is dialled at few of very many addresses' }],
    },
  ],
  'CON-06': [
    {
      in: FAILURE,
      from: `return failed('dns', 'the name does not resolve');`,
      to: `return failed('connection', 'the name does not resolve');`,
      fails: [{ shownBy: ADDRESSES, title: 'is a failed attempt of class dns: ' }],
    },
  ],
  'CON-07': [
    {
      in: FAILURE,
      from: `return failed('dns', 'the name did not resolve in time');`,
      to: `return failed('timeout', 'the name did not resolve in time');`,
      fails: [{ shownBy: ADDRESSES, title: 'is class dns too when the resolver never answers' }],
    },
    {
      in: 'shared/egress/name-resolver.ts',
      from: 'LOOK_UP_MS = 10_000',
      to: 'LOOK_UP_MS = 9_000',
      fails: [{ shownBy: RESOLVER, title: 'that never answers is given up in time' }],
    },
  ],
  'CON-08': [
    {
      in: DIAL,
      from: `classifyFailure(error, 'connect');`,
      to: `failed('protocol', codeOf(error));`,
      fails: [{ shownBy: DIALLING, title: 'is a failed attempt: ' }],
    },
  ],
  'CON-09': [
    {
      in: FAILURE,
      from: `return unconnected('no connection in time');`,
      to: `return failed('connection', 'no connection in time');`,
      fails: [{ shownBy: DIALLING, title: 'is a timeout when it swallows the connection' }],
    },
  ],
  'CON-10': [
    {
      in: CONNECT,
      from: 'rejectUnauthorized: true,',
      to: '',
      fails: [{ shownBy: TLS, title: 'is verified even where the environment says not to' }],
    },
    {
      in: CONNECT,
      from: `minVersion: 'TLSv1.2',`,
      to: `minVersion: 'TLSv1',`,
      fails: [{ shownBy: TLS, title: 'even where the ciphers of this process would allow it' }],
    },
    {
      in: 'shared/egress/tls-failure.ts',
      from: 'if (known !== undefined) return known;',
      to: `if (known !== undefined) return 'the handshake failed';`,
      fails: [{ shownBy: TLS, title: 'is a failed attempt of class tls, which says why, when it ' }],
    },
  ],
  'CON-13': [
    {
      in: CONNECT,
      from: 'return connectTcp({ host: address, port,',
      to: `const proxy = process.env['HTTP_PROXY'];
  const via = proxy === undefined ? port : Number(new URL(proxy).port);
  return connectTcp({ host: address, port: via,`,
      fails: [{ shownBy: ADDRESSES, title: 'are ignored' }],
    },
  ],
  'CON-14': [
    {
      in: FAILURE,
      from: `  'EMFILE',
`,
      to: '',
      fails: [{ shownBy: DIALLING, title: 'is no fault of its own when this process has run out: ' }],
    },
    {
      in: FAILURE,
      from: `return phase === 'exchange' && place.kind !== 'failed' ?`,
      to: `return phase === 'queue' && place.kind !== 'failed' ?`,
      fails: [
        {
          shownBy: 'test/shared/egress/http-sender-sent.test.ts',
          title: 'after the request was written has used up the attempt: ',
        },
      ],
    },
  ],
  'CON-16': [
    {
      in: CONNECT,
      from: `ALPNProtocols: ['http/1.1'],`,
      to: `ALPNProtocols: ['h2', 'http/1.1'],`,
      fails: [{ shownBy: TLS, title: 'is spoken to in HTTP/1.1, also where it would prefer HTTP/2' }],
    },
  ],
  'CON-17': [
    {
      in: SENDER,
      from: `await arrivalsTold();
      if (connection.isFresh`,
      to: 'if (connection.isFresh',
      fails: [
        {
          shownBy: 'test/shared/egress/kept-connections.test.ts',
          title: 'what a receiver did is heard before a byte is written: ',
        },
      ],
    },
    {
      in: 'shared/egress/receiver-connection.ts',
      from: 'return this.#socket !== undefined && !this.#socket.destroyed && !this.#socket.readableEnded;',
      to: 'return this.#socket !== undefined;',
      also: [
        {
          in: 'shared/egress/http-sender.ts',
          from: 'if (connection.isFresh && connection.isWritable) return connection;',
          to: 'if (connection.isFresh) return connection;',
        },
      ],
      fails: [
        { shownBy: REQUESTS, title: 'that died idle is replaced, for nothing of the request was written' },
        {
          shownBy: 'test/functions/deliver-connections.test.ts',
          title: 'nothing of a request outlives its invocation; a receiver that hung up since is dialled anew',
        },
      ],
    },
  ],
  'CON-18': [
    {
      in: SENDER,
      from: 'return `${organizationId} ${originOf(target)}${shown}`;',
      to: 'return `${organizationId > 0} ${originOf(target)}${shown}`;',
      fails: [
        { shownBy: REQUESTS, title: 'serves an organization and an origin again, and nobody else' },
        {
          shownBy: 'test/shared/egress/tls-sessions.test.ts',
          title: 'is resumed by the next connection of its organization to its origin: ',
        },
      ],
    },
  ],
  'CON-20': [
    {
      in: CONNECT,
      from: 'resolves to an address that is not public (${verdict})`',
      to: 'resolves to ${answer}, an address that is not public (${verdict})`',
      fails: [
        {
          shownBy: ADDRESSES,
          title: 'fails when only the VPC knows it, and the result tells no address of the inside',
        },
      ],
    },
  ],
  'CON-21': [
    {
      in: SENDER,
      from: `return deadlineFailure(late && phase !== 'exchange' ? 'queue' : phase);`,
      to: `return deadlineFailure(late && phase === 'exchange' ? 'queue' : phase);`,
      fails: [{ shownBy: NAMES, title: 'charge nobody whose turn came too late' }],
    },
  ],
  'CON-22': [
    {
      in: FAILURE,
      from: `'ECONNREFUSED', 'EBUSY', 'EFILE'`,
      to: `'ECONNREFUSED', 'EFILE'`,
      fails: [{ shownBy: NAMES, title: 'that cannot be asked is no fault of the endpoint: ' }],
    },
  ],
  'CON-23': [
    {
      in: CONNECT,
      from: `throw new SendFault(
      failed('blocked_address', \`the endpoint's name`,
      to: `throw new SendFault({ kind: 'refused', because: 'blocked_address', detail: verdict });
    throw new SendFault(
      failed('blocked_address', \`the endpoint's name`,
      fails: [{ shownBy: ADDRESSES, title: 'is tried again after a resolver said ' }],
    },
    {
      in: DIAL,
      from: 'const translated = new Set(distinct.filter(isTranslated));',
      to: 'const translated = new Set(distinct.filter((address) => isTranslated(address) && false));',
      fails: [
        {
          shownBy: ADDRESSES,
          title: 'as DNS64 does stands beside the good ones, is judged as what it spells, and is dialled last',
        },
      ],
    },
  ],
  'CON-24': [
    {
      in: 'shared/egress/name-resolver.ts',
      from: 'RESOLUTION_DELAY_MS = 50',
      to: 'RESOLUTION_DELAY_MS = 40',
      fails: [{ shownBy: RESOLVER, title: 'of IPv6 that comes a little later is waited for' }],
    },
    {
      in: 'shared/egress/name-resolver.ts',
      from: 'const TRIES = 4;',
      to: 'const TRIES = 1;',
      fails: [{ shownBy: RESOLVER, title: 'is asked for again when a question was lost', throws: 'ETIMEOUT' }],
    },
  ],
  'CON-25': [
    {
      in: DIAL,
      from: 'const failures = hasNoRoute(address, error) ? this.#withoutRoute : this.#failures;',
      to: 'const failures = hasNoRoute(address, error) ? this.#failures : this.#failures;',
      fails: [{ shownBy: DIALLING, title: 'take nobody’s place: ' }],
    },
    {
      in: DIAL,
      from: `failures.push(dialFailure(address, error));
    this.#dialNext();`,
      to: `failures.push(dialFailure(address, error));
    if (this.#underWay.size === 0) this.#dialNext();`,
      fails: [{ shownBy: DIALLING, title: 'that are silent are dialled four at a time' }],
    },
  ],
};
