import type { Template } from 'aws-cdk-lib/assertions';
import { templateScope, type TemplateScope } from '../../../local/template/intrinsics.ts';
import { type Deployment, nameOf, type Resource } from '../../../local/template/resource-references.ts';

export const ACCOUNT = '111122223333';

/** Where a template is imagined to be deployed. */
export type Place = { partition: string; region: string; urlSuffix: string };

/** A template's resources and outputs as CloudFormation would make them in a place: the twin's reader follows its references. */
export class DeployedTemplate {
  readonly outputs: Readonly<Record<string, string>>;
  readonly #deployment: Deployment;
  readonly #scope: TemplateScope;

  constructor(template: Template, { partition, region, urlSuffix }: Place) {
    const queueUrl = (name: string): string => `https://sqs.${region}.${urlSuffix}/${ACCOUNT}/${name}`;
    this.#deployment = { stackName: 'WebhookDelivery', region, accountId: ACCOUNT, partition, urlSuffix, queueUrl };
    const json = template.toJSON() as { Outputs: Record<string, { Value: unknown }> };
    const parameters = { BootstrapVersion: '21' };
    this.#scope = templateScope({ template: json, deployment: this.#deployment, parameters });
    const outputs = Object.entries(json.Outputs);
    this.outputs = Object.fromEntries(outputs.map(([name, { Value }]) => [name, String(this.#scope.resolve(Value))]));
  }

  /** Resources of a type, in the template's order. */
  ofType(type: string): Resource[] {
    return [...this.#scope.resources.values()].filter((resource) => resource.type === type);
  }

  /** The one resource of a type that the ready stack's construct has under this id. */
  the(type: string, id: string): Resource {
    const found = this.ofType(type).filter(({ logicalId }) => new RegExp(`^Surehook${id}[0-9A-F]{8}$`).test(logicalId));
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} of ${type} ${id}`);
    return only;
  }

  nameOf(type: string, id: string): string {
    return nameOf(this.the(type, id), this.#deployment);
  }
}
