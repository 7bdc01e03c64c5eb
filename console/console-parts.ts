import type { IncomingMessage } from 'node:http';
import type { Pool } from 'pg';
import type { DemoReceiver } from '../local/demo/demo-receiver.ts';
import type { Invoke } from './invoke-function.ts';
import type { ConsoleStack } from './layout.ts';
import type { QueueDepth } from './backlog-summary.ts';
import type { Answer } from './respond.ts';

/** What the console is made from. */
export type ConsoleParts = {
  /** Read directly: a local tool's shortcut. Never written. */
  database: Pool;
  invoke: Invoke;
  queues: () => readonly QueueDepth[];
  /** Where the console is, e.g. `http://127.0.0.1:4566`. */
  origin: string;
  stack: ConsoleStack;
  demoReceiver: Pick<DemoReceiver, 'snapshot'>;
  /** Milliseconds since the Unix epoch. */
  nowMs?: () => number;
  /** Told of every fault that a page could only call a missing answer. */
  reportFault?: (error: unknown) => void;
};

/** Of one path. `parameters` are the groups of `path`; undefined is answered as not found. */
export type Route = {
  path: RegExp;
  get?: (query: URLSearchParams, parameters: readonly string[]) => Promise<Answer | undefined>;
  post?: (posted: Posted) => Promise<Answer | undefined>;
};

type Posted = { fields: URLSearchParams; parameters: readonly string[]; request: IncomingMessage };
