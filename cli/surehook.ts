#!/usr/bin/env node
// The command `surehook`.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { runProgram } from './run-program.ts';
import { processTerminal } from './terminal.ts';
import { untilOrphaned } from './until-orphaned.ts';

const { argv, env } = process;
process.exitCode = await runProgram(argv.slice(2), {
  env,
  terminal: processTerminal(process),
  nowMs: () => Date.now(),
  wait: (ms) => setTimeout(ms),
  untilInterrupted: () =>
    Promise.race([
      ...['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)),
      untilOrphaned({ env, ppid: () => process.ppid, wait: (ms) => setTimeout(ms, undefined, { ref: false }) }),
    ]),
});
