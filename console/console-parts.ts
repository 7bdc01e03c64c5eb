import type { IncomingMessage } from 'node:http';
import type { ConsoleEvent } from './events-page.ts';
import type { Invoke } from './invoke-function.ts';
import type { LiveContent } from './live-element.ts';
import type { View } from './layout.ts';
import type { Answer } from './respond.ts';
import type { Zone } from './time-zone.ts';

/** What the console is made from. */
export type ConsoleParts = {
  /** The only way to the stack: its functions. */
  invoke: Invoke;
  /** The address of the console, for example `http://127.0.0.1:4566`. */
  origin: string;
  stack: ConsoleStack;
  /** Who gives the orders, as it is kept with them. */
  by: string | undefined;
  /** What only a stack on this machine has. */
  local?: LocalParts;
  /** Milliseconds since the Unix epoch. */
  nowMs?: () => number;
  /** How long a page waits for its answer before it says that it waits. */
  patienceMs?: number;
  /** Receives every fault that a page can only report as a missing answer. */
  reportFault?: (error: unknown) => void;
};

/** The stack that is looked at. */
export type ConsoleStack = {
  /** For people: `local`, or the name of the deployed stack. */
  name: string;
  /** Options of the command line that name a deployed one, such as `--stack Staging`. */
  options: string;
  /** Page of its dashboard. */
  dashboard: string | undefined;
};

export type LocalParts = {
  /** Where its state is kept, by which the command line finds it. */
  dataDir: string;
  region: string;
  /** Physical names of its functions, by their file's name: `enqueue`, `deliver`, … */
  functions: Readonly<Record<string, string>>;
  /** Physical names of its queues, by role: `intake`, `intakeDeadLetters`, `delivery`, `deliveryDeadLetters`, and where the database may sleep `markers`. */
  queues: Readonly<Record<string, string>>;
  queueDepths(): readonly QueueDepth[];
  demoReceiver: DemoReceiver;
  /** What was put on the event bus, newest first. */
  events(): readonly ConsoleEvent[];
};

/** Messages of one queue. */
type QueueDepth = { name: string; visible: number; inFlight: number; delayed: number };

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

/** A page, what of it is live, or an answer that is neither. */
export type Shown = { view: View } | { live: LiveContent } | { answer: Answer };

/** When the reader looks, and on which clocks. */
export type Reader = { zone: Zone; nowMs: number };

/** Of one path. `parameters` are the groups of `path`; undefined is answered as not found. */
export type Route = {
  path: RegExp;
  get?: (asked: {
    query: URLSearchParams;
    parameters: readonly string[];
    reader: Reader;
  }) => Promise<Shown | undefined>;
  post?: (posted: Posted) => Promise<Shown | undefined>;
};

type Posted = {
  fields: URLSearchParams;
  parameters: readonly string[];
  request: IncomingMessage;
  reader: Reader;
};
