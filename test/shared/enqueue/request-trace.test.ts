// Whole requests, judged as they are. Nothing is a double.
import { describe, expect, it } from 'vitest';
import { accepted, parse, refusal } from './enqueue-request-world.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const header = (key: string) => ({ key, value: 'their own' });
const warningsOf = (changes: Record<string, unknown>) => {
  const item = parse(changes);
  return item.kind === 'accepted' ? item.warnings : item;
};

describe('the trace of a request', () => {
  it('is kept as it came, its state without blanks', () => {
    expect(accepted({ traceparent: TRACE }).trace).toEqual({ traceparent: TRACE });
    expect(accepted({ traceparent: TRACE, tracestate: 'a=1, b=2' }).trace).toEqual({
      traceparent: TRACE,
      tracestate: 'a=1,b=2',
    });
  });

  it.each([
    [{}],
    [{ traceparent: null, tracestate: null }],
    // As propagators leave it where nothing is traced.
    [{ traceparent: '', tracestate: '' }],
    [{ traceparent: ' ', tracestate: ' ' }],
  ])('is none, without a warning, of %j', (changes) => {
    expect(accepted(changes)).not.toHaveProperty('trace');
    expect(warningsOf(changes)).toEqual([]);
  });

  it.each([` ${TRACE}`, `${TRACE}\r\n`, `\t${TRACE}\u00a0`])(
    'loses the blanks around it, with a warning: %j',
    (traceparent) => {
      expect(accepted({ traceparent }).trace).toEqual({ traceparent: TRACE });
      expect(warningsOf({ traceparent })).toEqual(['traceparent: blanks around it were cut off']);
      expect(warningsOf({ traceparent: TRACE, tracestate: ' a=1 ' })).toEqual([]);
    },
  );

  it('has no state where that holds no entry', () => {
    expect(accepted({ traceparent: TRACE, tracestate: ', ,' }).trace).toEqual({ traceparent: TRACE });
  });

  it.each([
    [{ traceparent: `${TRACE}-1` }, 'InvalidRequest: traceparent: must end after the flags, as version 00 does'],
    [{ traceparent: 5 }, 'InvalidRequest: traceparent: must be a string'],
    [{ traceparent: TRACE, tracestate: ['a=1'] }, 'InvalidRequest: tracestate: must be a string'],
    [{ tracestate: 'a=1' }, 'InvalidRequest: tracestate: is allowed only with traceparent'],
    [{ traceparent: '', tracestate: 'a=1' }, 'InvalidRequest: tracestate: is allowed only with traceparent'],
    [
      { traceparent: ` ${TRACE} ${TRACE} ` },
      'InvalidRequest: traceparent: must be version, trace id, parent id and flags in lower-case hex (W3C Trace Context), such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ],
    // A state is judged beside a trace that is none, and every fault is told.
    [
      { traceparent: TRACE.replace(/^00/, 'ff'), tracestate: 'a', max_attempts: 0 },
      'InvalidRequest: max_attempts: must be an integer from 1 to 50; traceparent: must not have the version ff; tracestate: entry 1 must be key=value (W3C Trace Context)',
    ],
  ])('is refused by the name of the member: %j', (changes, words) => {
    expect(refusal(changes)).toBe(words);
  });

  it('is no part of what makes two requests the same: whoever repeats one has another trace by then', () => {
    const again = { traceparent: TRACE.replace(/4bf9/, '5bf9'), tracestate: 'a=1' };
    for (const changes of [{ traceparent: TRACE }, again]) {
      expect(accepted(changes).requestDigest).toBe(accepted().requestDigest);
    }
  });
});

describe('a custom header of a trace', () => {
  const headers = { custom_headers: [header('Traceparent'), header('X-A'), header('tracestate')] };

  it('is sent as ever where the request has no trace of its own', () => {
    expect(accepted(headers).customHeaders.map(({ key }) => key)).toEqual(['Traceparent', 'X-A', 'tracestate']);
    expect(warningsOf(headers)).toEqual([]);
  });

  it('gives way to the trace of the request, with a warning: a state without its trace, too', () => {
    const changes = { ...headers, traceparent: TRACE };
    expect(accepted(changes).customHeaders.map(({ key }) => key)).toEqual(['X-A']);
    expect(warningsOf(changes)).toEqual([
      "custom_headers[0]: Traceparent gives way to the request's own traceparent and was dropped",
      "custom_headers[2]: tracestate gives way to the request's own traceparent and was dropped",
    ]);
  });
});
