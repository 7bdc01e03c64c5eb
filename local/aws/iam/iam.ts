import type { StackDescription } from '../../template/stack-description.ts';
import type { AwsService } from '../aws-service.ts';
import { checkDeployment } from './check-deployment.ts';
import { enforcePermissions, type Enforcement } from './enforce-permissions.ts';
import { Permissions, type Place } from './permissions.ts';
import type { PolicyEngine } from './policy-engine.ts';
import { accessReaders, type ReaderPlace } from './requested-access.ts';

export type { JudgedAccess } from './enforce-permissions.ts';
export { loadPolicyEngine, type PolicyEngine } from './policy-engine.ts';

/** How calls are identified: who calls, and which resource a request names. */
type Callers = Pick<Enforcement, 'functionOf' | 'onAccess'> & Omit<ReaderPlace, keyof Place>;

export type Iam = {
  /** Throws StartError with one line for each right without which AWS would not deploy the stack, or not run it. */
  checkDeployment(): Promise<void>;
  /** ARN of the session that a function's processes have; undefined for nobody's. */
  sessionArn(functionName: string | undefined): string | undefined;
  /** The services, each behind the rights of the function that calls. */
  guarded<Service extends string>(
    services: Readonly<Record<Service, AwsService>>,
    callers: Callers,
  ): Record<Service, AwsService>;
};

/** The rights that a stack's template gives, judged as IAM does. Throws StartError for a role that it does not make. */
export function createIam(stack: StackDescription, { engine, ...place }: Place & { engine: PolicyEngine }): Iam {
  const permissions = new Permissions(stack, engine, place);
  return {
    checkDeployment: () => checkDeployment(stack, permissions),
    sessionArn: (functionName) => (functionName === undefined ? undefined : permissions.sessionArn(functionName)),
    guarded(services, { functionOf, onAccess, ...resources }) {
      const readers = accessReaders({ ...place, ...resources });
      return enforcePermissions(services, { functionOf, permissions, readers, onAccess });
    },
  };
}
