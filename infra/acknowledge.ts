import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** States next to a construct why a rule of cdk-nag does not apply to it. The reasons are data: rule id → reason. */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}
