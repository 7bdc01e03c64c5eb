import type { IncomingMessage } from 'node:http';
import type { ConsoleEvent } from './events-page.ts';
import type { ConsoleDatabase } from './console-database.ts';
import type { Invoke } from './invoke-function.ts';
import type { ConsoleStack } from './layout.ts';
import type { QueueDepth } from './backlog-summary.ts';
import type { Answer } from './respond.ts';

/** What the console is made from. */
export type ConsoleParts = {
  /** The console reads it directly, a shortcut for a local tool, and never writes it. */
  database: ConsoleDatabase;
  invoke: Invoke;
  queues: () => readonly QueueDepth[];
  /** The address of the console, for example `http://127.0.0.1:4566`. */
  origin: string;
  stack: ConsoleStack;
  demoReceiver: DemoReceiver;
  /** What was put on the event bus, newest first; undefined where there is none to look at. */
  events?: () => readonly ConsoleEvent[];
  /** Milliseconds since the Unix epoch. */
  nowMs?: () => number;
  /** Receives every fault that a page can only report as a missing answer. */
  reportFault?: (error: unknown) => void;
};

/** A receiver on the same port that does what its URL says, so that a first webhook has somewhere to go. */
export type DemoReceiver = {
  /** What the receiver can do: paths below `/demo/`. */
  choices: readonly { path: string; does: string }[];
  /** How many of its latest requests the receiver remembers in full. */
  keeps: number;
  /** These requests, newest first, with the counts of their deliveries by id; `total` since the start. */
  snapshot(): { total: number; requests: readonly DemoRequest[]; counts: ReadonlyMap<string, DemoCount> };
};

/** One request as the demo receiver saw it. */
export type DemoRequest = {
  /** 1, 2, … since the start. */
  number: number;
  /** Milliseconds since the Unix epoch. */
  atMs: number;
  method: string;
  /** Path and query as sent, at most 2,048 characters. */
  path: string;
  /** Names and values alternately, as sent. */
  rawHeaders: readonly string[];
  /** The first 4 KiB. */
  bodyStart: Buffer;
  bodyBytes: number;
  deliveryId: string | undefined;
  answer: { kind: 'status'; status: number } | { kind: 'hang-up' } | 'waiting' | 'client gone';
};

/** How often a delivery came, and how often it was answered 2xx: once each is what a user hopes to see. */
export type DemoCount = { requests: number; accepted: number };

/** Of one path. `parameters` are the groups of `path`; undefined is answered as not found. */
export type Route = {
  path: RegExp;
  get?: (query: URLSearchParams, parameters: readonly string[]) => Promise<Answer | undefined>;
  post?: (posted: Posted) => Promise<Answer | undefined>;
};

type Posted = { fields: URLSearchParams; parameters: readonly string[]; request: IncomingMessage };
