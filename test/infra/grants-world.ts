import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Endpoints, endpointsOf } from '../../local/twin/endpoints-file.ts';
import { type FrontDoor, openFrontDoor } from '../../local/twin/front-door.ts';
import { type JudgedAccess, loadPolicyEngine } from '../../local/aws/iam/iam.ts';
import { type InvokeAnswer, invokeByRole } from '../../local/twin/invoke-by-role.ts';
import { readStartOptions } from '../../local/twin/options.ts';
import type { Queue } from '../../local/aws/sqs/service.ts';
import { STACK_NAME, synthesize } from '../../local/twin/synthesize.ts';
import { readStack } from '../../local/template/load-stack.ts';
import type { StackDescription } from '../../local/template/stack-description.ts';
import { ACCOUNT_ID, buildTwin, type Twin } from '../../local/twin/twin.ts';
import type { TestDatabase } from '../support/postgres/test-database.ts';
import { bringAssembly, keepAssembly } from '../support/stack/prepared-assembly.ts';
import { RETRY_SCHEDULE } from '../end-to-end/retry-suite.ts';
import { makeDataDir, removeDataDir } from '../support/stack/stack-process.ts';
import type { Template } from './granted-rights.ts';

/** The same as the end-to-end tests', so that they share what is synthesized. */
const SETTINGS = { WEBHOOK_DELIVERY_TIMEOUT_SECONDS: '2', WEBHOOK_DELIVERY_RETRY_SCHEDULE_SECONDS: RETRY_SCHEDULE };

/** The assembly that `npm start` would run, with the functions' bundles. */
export type Assembly = { folder: string; template: Template; dispose(): void };

export async function synthesizedAssembly(): Promise<Assembly> {
  const dataDir = makeDataDir();
  bringAssembly(dataDir, SETTINGS);
  const folder = await synthesize(dataDir, readStartOptions(SETTINGS).settings);
  keepAssembly(dataDir, SETTINGS);
  return {
    folder,
    template: readJson(join(folder, `${STACK_NAME}.template.json`)) as Template,
    dispose: () => removeDataDir(dataDir),
  };
}

/** What the twin makes of a template, its own or one that a test has changed. */
export function describeStack({ folder }: Assembly, template: Template, endpoint: string): StackDescription {
  return readStack({
    stackName: STACK_NAME,
    template,
    assets: readJson(join(folder, `${STACK_NAME}.assets.json`)),
    assemblyFolder: folder,
    queueUrl: (name) => `${endpoint}/${ACCOUNT_ID}/${name}`,
  });
}

type TwinParts = {
  twin: Twin;
  database: TestDatabase;
  door: FrontDoor;
  dataDir: string;
  endpoints: Endpoints;
  heard: Heard;
};

/** What the functions write and ask for, as they do it: the signal that something has become of a delivery. */
class Heard {
  readonly judged: JudgedAccess[] = [];
  #count = 0;
  #wake: (() => void)[] = [];

  note(): void {
    this.#count += 1;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Settles once `look` answers something; asks again after everything that is heard. */
  async until<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const seen = this.#count;
      const found = await look();
      if (found !== undefined) return found;
      if (this.#count === seen) await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }
}

export type DeliveryRow = {
  status: 'pending' | 'succeeded' | 'dead_letter';
  attempt_count: number;
  last_error: string | null;
};

/** The local twin inside this process, with a database of its own and every judgement written down. */
export class JudgedTwin {
  readonly #parts: TwinParts;
  readonly secrets: SecretsManagerClient;
  readonly #invoke: (role: string, payload: unknown) => Promise<InvokeAnswer>;

  private constructor(parts: TwinParts) {
    this.#parts = parts;
    const { aws: endpoint, region, functions } = parts.endpoints;
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
    this.secrets = new SecretsManagerClient({ endpoint, region, credentials });
    this.#invoke = invokeByRole(parts.twin.lambda, functions);
  }

  /** Builds it, and neither deploys nor begins. Throws StartError as `npm start` does. */
  static async build(assembly: Assembly, database: TestDatabase, template = assembly.template): Promise<JudgedTwin> {
    const dataDir = makeDataDir();
    const door = await openFrontDoor(0);
    const endpoint = `http://127.0.0.1:${door.port}`;
    const stack = describeStack(assembly, usingDatabase(template, database.database), endpoint);
    const heard = new Heard();
    const twin = await buildTwin({
      stack,
      postgres: postgresOf(database),
      policyEngine: await loadPolicyEngine({ accountId: ACCOUNT_ID }),
      dataDir,
      endpoint,
      observe: () => undefined,
      log: () => heard.note(),
      say: () => undefined,
      onAccess(access) {
        heard.judged.push(access);
        heard.note();
      },
    });
    door.open({ services: twin.services, pages: [] });
    return new JudgedTwin({ twin, database, door, dataDir, endpoints: endpointsOf(stack, endpoint), heard });
  }

  deploy(): Promise<void> {
    return this.#parts.twin.deploy();
  }

  begin(): void {
    this.#parts.twin.begin();
  }

  get judged(): readonly JudgedAccess[] {
    return this.#parts.heard.judged;
  }

  /** Enqueues one delivery by invoke; throws when it is refused. */
  async enqueue(request: object): Promise<{ delivery_id: number; delivery_uuid: string }> {
    return (await this.answerOf('enqueue', request)) as { delivery_id: number; delivery_uuid: string };
  }

  /** Invokes a function by its file's name; throws when it fails. */
  async answerOf(role: string, payload: unknown): Promise<unknown> {
    const invoked = await this.#invoke(role, payload);
    if (!invoked.ok) throw new Error(`${invoked.errorType}: ${invoked.errorMessage}`);
    return invoked.answer;
  }

  /** Settles once a delivery is as the test waits for it; by default, not to be tried again by itself. */
  until(id: number, is: (row: DeliveryRow) => boolean = ({ status }) => status !== 'pending'): Promise<DeliveryRow> {
    return this.#parts.heard.until(async () => {
      const { rows } = await this.#parts.database.pool.query<DeliveryRow>(
        'select status, attempt_count, last_error from webhook_deliveries where id = $1',
        [id],
      );
      return rows.find(is);
    });
  }

  queue(role: string): Queue {
    const queue = this.#parts.twin.queues.byUrl(this.#parts.endpoints.queues[role] ?? '');
    if (queue === undefined) throw new Error(`there is no queue ${role}`);
    return queue;
  }

  async stop(): Promise<void> {
    this.secrets.destroy();
    await this.#parts.twin.stop();
    await this.#parts.door.close();
    removeDataDir(this.#parts.dataDir);
  }
}

/** The functions name the database in every call, and this one's name is the test's. */
function usingDatabase(template: Template, databaseName: string): Template {
  const changed = structuredClone(template);
  for (const { Type, Properties } of Object.values(changed.Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const { Variables } = (Properties?.['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
    if (Variables?.['DATABASE_NAME'] !== undefined) Variables['DATABASE_NAME'] = databaseName;
  }
  return changed;
}

/** A database of the server that the run of the tests shares: it ends when they do. */
function postgresOf({ url }: TestDatabase): Parameters<typeof buildTwin>[0]['postgres'] {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  const connection = { host, port: Number(port), user, password, database: pathname.slice(1) };
  return { connection, url, exited: new Promise(() => undefined), stop: () => Promise.resolve() };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
