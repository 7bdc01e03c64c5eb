import { OUTCOMES, type Outcomes } from '../delivery/outcome.ts';

/** What reads settings, and collects their faults. */
type Reader = {
  required(name: string): string;
  oneOf<const Known extends string>(name: string, known: readonly [Known, ...Known[]]): Known;
};

/** Which outcomes are announced. */
export function readOutcomes(reader: Reader): Outcomes {
  return reader.oneOf('WEBHOOK_OUTCOMES', OUTCOMES);
}

/** Where they are announced, and the name by which they say whose they are: that of metrics and log lines. */
export function readBus(reader: Reader): { busArn: string; service: string } {
  return { busArn: reader.required('OUTCOME_BUS_ARN'), service: reader.required('OUTCOME_SERVICE') };
}
