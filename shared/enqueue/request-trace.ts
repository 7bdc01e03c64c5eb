import { readTracestate, type TraceContext, traceparentFault } from '../delivery/trace-context.ts';
import type { RequestFaults } from './request-faults.ts';
import type { RequestShape } from './request-shape.ts';

/** The trace of a request; undefined if it has none, or after a fault. A state without the trace it belongs to says nothing. */
export function readTrace(shape: RequestShape, faults: RequestFaults): TraceContext | undefined {
  const { traceparent, tracestate } = shape;
  const faultsBefore = faults.count;
  const fault = traceparent === undefined ? undefined : traceparentFault(traceparent);
  if (fault !== undefined) faults.add('traceparent', fault);
  const state = tracestate === undefined ? undefined : readTracestate(tracestate);
  if (state !== undefined && 'fault' in state) faults.add('tracestate', state.fault);
  if (tracestate !== undefined && !('traceparent' in shape))
    faults.add('tracestate', 'is allowed only with traceparent');
  if (traceparent === undefined || faults.count > faultsBefore) return undefined;
  return state === undefined || 'fault' in state || state.tracestate === ''
    ? { traceparent }
    : { traceparent, tracestate: state.tracestate };
}
