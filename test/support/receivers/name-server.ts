import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

/** One question as it came over the wire. */
export type Question = { name: string; type: 'A' | 'AAAA'; over: 'UDP' | 'TCP' };
export type Reply =
  | 'silence'
  | { failure: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' }
  /** Of these, the addresses of the type asked for, behind an alias where one is given. */
  | { addresses: readonly string[]; alias?: string };

const RESPONSE_CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const TYPES: ReadonlyMap<number, Question['type']> = new Map([
  [1, 'A'],
  [28, 'AAAA'],
]);
/** RFC 1035: what fits a datagram of DNS without extensions. */
const DATAGRAM_BYTES = 512;

/** A name server on loopback, over UDP and TCP at one port, that answers as a test tells it and writes down what it was asked. */
export class NameServer implements AsyncDisposable {
  readonly questions: Question[] = [];
  readonly address: string;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  readonly #reply: (question: Question) => Reply | Promise<Reply>;
  #awaited: { count: number; resolve: () => void }[] = [];

  private constructor(udp: UdpSocket, tcp: Server, reply: (question: Question) => Reply | Promise<Reply>) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.#reply = reply;
    this.address = `127.0.0.1:${udp.address().port}`;
    udp.on('message', (query, from) => void this.#overUdp(query, from));
    tcp.on('connection', (socket) => this.#overTcp(socket));
  }

  static async open(reply: (question: Question) => Reply | Promise<Reply>): Promise<NameServer> {
    for (;;) {
      const tcp = createServer().listen(0, '127.0.0.1');
      await once(tcp, 'listening');
      const udp = createSocket('udp4').bind((tcp.address() as AddressInfo).port, '127.0.0.1');
      // The same number may be taken over UDP: then another one.
      const taken = await once(udp, 'listening').then(
        () => false,
        () => true,
      );
      if (!taken) return new NameServer(udp, tcp, reply);
      tcp.close();
    }
  }

  /** Where nobody listens any more. */
  static async gone(): Promise<string> {
    await using server = await NameServer.open(() => 'silence');
    return server.address;
  }

  /** Settles once so many questions have come. */
  asked(count: number): Promise<void> {
    if (this.questions.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#awaited.push({ count, resolve }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  async #overUdp(query: Buffer, from: RemoteInfo): Promise<void> {
    const answer = await this.#answer(query, 'UDP');
    if (answer === undefined) return;
    const fits = answer.length <= DATAGRAM_BYTES;
    this.#udp.send(fits ? answer : truncated(answer, query), from.port, from.address);
  }

  #overTcp(socket: Socket): void {
    let received = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 2 ? Infinity : received.readUInt16BE(0);
      if (received.length < 2 + length) return;
      const query = received.subarray(2, 2 + length);
      received = received.subarray(2 + length);
      void this.#answer(query, 'TCP').then(
        (answer) => answer && socket.write(Buffer.concat([uint16(answer.length), answer])),
      );
    });
  }

  async #answer(query: Buffer, over: Question['over']): Promise<Buffer | undefined> {
    const { name, type } = questionOf(query);
    const question: Question = { name, type, over };
    this.questions.push(question);
    for (const { resolve } of this.#awaited.filter(({ count }) => count <= this.questions.length)) resolve();
    this.#awaited = this.#awaited.filter(({ count }) => count > this.questions.length);
    const reply = await this.#reply(question);
    return reply === 'silence' ? undefined : encoded(query, type, reply);
  }
}

/** A name of labels, then its type: the rest of a query is nothing we need. */
function questionOf(query: Buffer): { name: string; type: Question['type']; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES.get(query.readUInt16BE(at + 1));
  if (type === undefined) throw new Error('neither A nor AAAA');
  return { name: labels.join('.'), type, end: at + 5 };
}

function encoded(query: Buffer, type: Question['type'], reply: Exclude<Reply, 'silence'>): Buffer {
  const records = 'failure' in reply ? [] : recordsOf(type, reply);
  const code = 'failure' in reply ? RESPONSE_CODES[reply.failure] : 0;
  // A response, recursion asked for and available.
  const header = [query.subarray(0, 2), uint16(0x8180 | code), uint16(1), uint16(records.length), Buffer.alloc(4)];
  return Buffer.concat([...header, query.subarray(12, questionOf(query).end), ...records]);
}

function recordsOf(
  type: Question['type'],
  { addresses, alias }: Exclude<Reply, 'silence' | { failure: string }>,
): Buffer[] {
  const family = type === 'A' ? 'ipv4' : 'ipv6';
  const parsed = addresses.map((address) => ipaddr.parse(address)).filter((address) => address.kind() === family);
  const owner = alias === undefined ? Buffer.from([0xc0, 12]) : nameBytes(alias);
  const typeCode = type === 'A' ? 1 : 28;
  const aliases = alias === undefined ? [] : [record(Buffer.from([0xc0, 12]), 5, nameBytes(alias))];
  return [...aliases, ...parsed.map((address) => record(owner, typeCode, Buffer.from(address.toByteArray())))];
}

function record(owner: Buffer, type: number, data: Buffer): Buffer {
  return Buffer.concat([owner, uint16(type), uint16(1), Buffer.from([0, 0, 0, 60]), uint16(data.length), data]);
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]),
    Buffer.of(0),
  ]);
}

/** The header with the mark that says: ask over TCP. */
function truncated(answer: Buffer, query: Buffer): Buffer {
  const head = Buffer.from(answer.subarray(0, questionOf(query).end));
  head.writeUInt16BE(head.readUInt16BE(2) | 0x0200, 2);
  head.writeUInt16BE(0, 6);
  return head;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
