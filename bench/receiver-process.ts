import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Connections, Receipt, ReceiverAnswer, ReceiverQuestion } from './receiver.ts';

export type ReceiverProcess = {
  pid: number;
  port: number;
  tlsPort: number;
  /** Where deliveries of a scenario go to be answered after `delayMs`. */
  url(delayMs: number, scenario: string): string;
  /** Resolves when so many different deliveries of a scenario have been answered. */
  until(scenario: string, count: number): Promise<void>;
  receipts(scenario: string): Promise<Receipt[]>;
  connections(scenario: string): Promise<Connections>;
  /** Uuids of the deliveries that were received, however many; of receipts at least the last 50,000 are kept. */
  received(scenario: string): Promise<string[]>;
  /** Requests, repeats included. */
  requests(scenario: string): Promise<number>;
  stop(): void;
};

export async function startReceiver(): Promise<ReceiverProcess> {
  const child = fork(fileURLToPath(new URL('receiver.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting: ((answer: ReceiverAnswer) => void)[] = [];
  const next = (): Promise<ReceiverAnswer> => new Promise((resolve) => void waiting.push(resolve));
  // One question at a time: answers come in the order of the questions.
  child.on('message', (answer: ReceiverAnswer) => waiting.shift()?.(answer));
  const ask = (question: ReceiverQuestion): Promise<ReceiverAnswer> => {
    const answer = next();
    child.send(question);
    return answer;
  };
  const started = await next();
  if (started.kind !== 'listening' || child.pid === undefined) throw new Error('the receiver did not start');
  const { port, tlsPort } = started;
  return {
    pid: child.pid,
    port,
    tlsPort,
    url: (delayMs, scenario) => `http://127.0.0.1:${port}/after/${delayMs}/${scenario}`,
    async until(scenario, count) {
      await ask({ kind: 'wait', path: scenario, count });
    },
    async receipts(scenario) {
      const answer = await ask({ kind: 'receipts', path: scenario });
      return answer.kind === 'receipts' ? answer.receipts : [];
    },
    async connections(scenario) {
      const answer = await ask({ kind: 'receipts', path: scenario });
      return answer.kind === 'receipts' ? answer : { connections: 0, resumed: 0 };
    },
    async received(scenario) {
      const answer = await ask({ kind: 'received', path: scenario });
      return answer.kind === 'received' ? answer.deliveryUuids : [];
    },
    async requests(scenario) {
      const answer = await ask({ kind: 'received', path: scenario });
      return answer.kind === 'received' ? answer.requests : 0;
    },
    stop: () => child.disconnect(),
  };
}
