// The rules as they are. Nothing is a double.
import { describe, expect, it } from 'vitest';
import {
  isTraceHeader,
  readTracestate,
  soundTrace,
  traceIdOf,
  traceparentFault,
} from '../../../shared/delivery/trace-context.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const HEX_RULE = expect.stringContaining('must be version, trace id, parent id and flags in lower-case hex');

describe('a traceparent', () => {
  it.each([
    TRACE,
    // Not sampled, and flags that version 00 gives no meaning.
    TRACE.replace(/01$/, '00'),
    TRACE.replace(/01$/, 'fe'),
    // Of a version that does not exist yet, with what it may append.
    TRACE.replace(/^00/, 'cc'),
    `${TRACE.replace(/^00/, '01')}-what-the-future.will=be~like`,
    `${TRACE.replace(/^00/, '01')}-${'x'.repeat(199)}`,
  ])('is taken: %s', (text) => {
    expect(traceparentFault(text)).toBeUndefined();
  });

  it.each([
    ['', HEX_RULE],
    ['x', HEX_RULE],
    [TRACE.toUpperCase(), HEX_RULE],
    [` ${TRACE}`, HEX_RULE],
    [`${TRACE}\n`, HEX_RULE],
    [TRACE.slice(0, -1), HEX_RULE],
    [`${TRACE}0`, HEX_RULE],
    [TRACE.replaceAll('-', '_'), HEX_RULE],
    [TRACE.replace('4bf9', '4bg9'), HEX_RULE],
    [`${TRACE.replace(/^00/, '01')}-a b`, HEX_RULE],
    [`${TRACE.replace(/^00/, '01')}.more`, HEX_RULE],
    // What AWS X-Ray writes.
    ['Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1', HEX_RULE],
    [TRACE.replace(/^00/, 'ff'), 'must not have the version ff'],
    [`${TRACE}-`, 'must end after the flags, as version 00 does'],
    [`${TRACE}-more`, 'must end after the flags, as version 00 does'],
    [TRACE.replace(/4bf9\w+/, '0'.repeat(32)), 'must not have a trace id of zeros'],
    [TRACE.replace(/00f0\w+/, '0'.repeat(16)), 'must not have a parent id of zeros'],
    [`${TRACE.replace(/^00/, '01')}-${'x'.repeat(200)}`, 'must have at most 255 characters'],
  ])('is refused: %s', (text, fault) => {
    expect(traceparentFault(text)).toEqual(fault);
  });

  it('tells what its trace is looked up by', () => {
    expect(traceIdOf({ traceparent: TRACE })).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });
});

describe('a tracestate', () => {
  it.each([
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    ['a=1 , \tb=2\t', 'a=1,b=2'],
    [',, ,a=1,,', 'a=1'],
    ['', ''],
    [' , ', ''],
    ['fw529a3039@dt=FfffffffA;2, 0a_-*/b@c=x', 'fw529a3039@dt=FfffffffA;2,0a_-*/b@c=x'],
    [`${'k'.repeat(256)}=${'v'.repeat(256)}`, `${'k'.repeat(256)}=${'v'.repeat(256)}`],
    ['a= !"#$%&\'()*+-./09:;<>?@AZ[\\]^_`az{|}~', 'a= !"#$%&\'()*+-./09:;<>?@AZ[\\]^_`az{|}~'],
  ])('%j is kept as %j', (text, tracestate) => {
    expect(readTracestate(text)).toEqual({ tracestate });
  });

  it.each([
    ['a=1,b', 'entry 2 must be key=value (W3C Trace Context)'],
    ['=1', 'entry 1 must be key=value (W3C Trace Context)'],
    ['a=', 'entry 1 must be key=value (W3C Trace Context)'],
    ['A=1', 'entry 1 must be key=value (W3C Trace Context)'],
    ['_a=1', 'entry 1 must be key=value (W3C Trace Context)'],
    ['a =1', 'entry 1 must be key=value (W3C Trace Context)'],
    ['a=1=2', 'entry 1 must be key=value (W3C Trace Context)'],
    ['a=1,,b=ü', 'entry 2 must be key=value (W3C Trace Context)'],
    ['a=1\r\nX-Evil: 1', 'entry 1 must be key=value (W3C Trace Context)'],
    [`${'k'.repeat(257)}=1`, 'entry 1 must be key=value (W3C Trace Context)'],
    [`a=${'v'.repeat(257)}`, 'entry 1 must be key=value (W3C Trace Context)'],
    ['a=1,b=2,a=3', 'entry 3 repeats the key of an earlier one'],
    [Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(','), 'must have at most 32 entries'],
    [Array.from({ length: 9 }, (_, n) => `k${n}=${'v'.repeat(250)}`).join(','), 'must have at most 2048 characters'],
  ])('%j is refused', (text, fault) => {
    expect(readTracestate(text)).toEqual({ fault });
  });

  it('may have 32 entries and 2,048 characters, blanks not counted', () => {
    const entries = Array.from({ length: 32 }, (_, n) => `k${n}=`.padEnd(63, 'v'));
    const whole = `${entries.join(',')}v`;
    expect(whole).toHaveLength(2048);
    expect(readTracestate(`${entries.join(' ,\t')}v `)).toEqual({ tracestate: whole });
    expect(readTracestate(`${whole}v`)).toEqual({ fault: 'must have at most 2048 characters' });
  });
});

describe('the trace of a row', () => {
  it('is what stands there', () => {
    expect(soundTrace(TRACE, 'a=1')).toEqual({ traceparent: TRACE, tracestate: 'a=1' });
    expect(soundTrace(TRACE, undefined)).toEqual({ traceparent: TRACE });
    expect(soundTrace(undefined, undefined)).toBeUndefined();
  });

  it('that was written past the rules is left out: no trace is worth a delivery', () => {
    expect(soundTrace('x\r\ny', 'a=1')).toBeUndefined();
    expect(soundTrace(undefined, 'a=1')).toBeUndefined();
    expect(soundTrace(TRACE, 'a\r\nb')).toEqual({ traceparent: TRACE });
    expect(soundTrace(TRACE, ' , ')).toEqual({ traceparent: TRACE });
  });
});

it('a header of a trace is known in every spelling', () => {
  expect(['traceparent', 'TraceState', 'TRACEPARENT'].every(isTraceHeader)).toBe(true);
  expect(['trace-parent', 'X-Amzn-Trace-Id', 'tracestates'].some(isTraceHeader)).toBe(false);
});
