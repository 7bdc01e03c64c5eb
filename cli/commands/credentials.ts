import type { Command } from 'commander';
import { readDeliverySettings } from '../../shared/settings.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, confirm, confirmable, optionsOf, stackOf } from '../command-world.ts';
import { counted } from '../counted.ts';
import { readCredentialLines, type RefusedLine, type WantedSecret } from '../credential-lines.ts';
import { CredentialSecrets, type SecretStep } from '../credential-secrets.ts';
import { requestTextsOf, textOf } from '../read-requests.ts';
import { tableOf } from '../table.ts';

type Planned = WantedSecret & { step: SecretStep };
type ImportOptions = { dryRun?: true; prefix?: string; yes?: true };

const DID: Readonly<Record<SecretStep, string>> = {
  create: 'created',
  change: 'changed',
  restore: 'restored',
  remove: 'removed',
  none: 'unchanged',
};

export function addCredentials(program: Command, world: CommandWorld): void {
  const credentials = program.command('credentials').description('the secrets that webhooks are sent with');
  confirmable(credentials.command('import <file>'))
    .description(
      'write, change and remove secrets as JSON lines say: organization_id, credential_uuid, credential_type, credential_data, ' +
        'signing_secrets, client_certificate, active (false removes). What no line names stays. Repeatable. - reads standard input',
    )
    .option('--dry-run', 'only say what would be done, and what is refused')
    .option('--prefix <prefix>', 'of the secrets’ names (default: CREDENTIAL_PREFIX, or webhook-credentials)')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = optionsOf<ImportOptions>(command);
      const settings = readDeliverySettings(world.env);
      const { wanted, refused } = readCredentialLines(requestTextsOf(await textOf(file, world.terminal)), {
        credentialPrefix: options.prefix ?? settings.credentialPrefix,
        headerPrefix: settings.headerPrefix,
        nowMs: world.nowMs(),
      });
      const stack = await stackOf(command, world);
      const secrets = new CredentialSecrets(stack.configuration);
      try {
        const planned = await planOf(wanted, { secrets, world });
        const due = planned.filter(({ step }) => step !== 'none');
        if (options.dryRun) printPlan({ planned, refused }, command, world);
        else {
          if (due.length > 0) await confirm(`Write ${counted(due.length, 'secret')} of ${stack.name}?`, options, world);
          await followAll(due, { secrets, world });
          printDone({ planned, refused }, command, world);
        }
      } finally {
        secrets.close();
      }
      if (refused.length > 0) throw CommandFault.failed(`${counted(refused.length, 'line is', 'lines are')} refused`);
    });
}

type Parts = { secrets: CredentialSecrets; world: CommandWorld };

async function planOf(wanted: readonly WantedSecret[], { secrets, world }: Parts): Promise<Planned[]> {
  const planned: Planned[] = [];
  for (const secret of wanted) {
    world.terminal.progress(`looking at secret ${planned.length + 1} of ${wanted.length}`);
    planned.push({ ...secret, step: await secrets.stepFor(secret).catch(failedAt(secret, planned.length)) });
  }
  return planned;
}

async function followAll(due: readonly Planned[], { secrets, world }: Parts): Promise<void> {
  for (const [done, secret] of due.entries()) {
    world.terminal.progress(`writing secret ${done + 1} of ${due.length}`);
    await secrets.follow(secret.step, secret).catch(failedAt(secret, done));
  }
}

/** What is done stays; the next run finds it so and goes on. */
function failedAt({ line, name }: WantedSecret, done: number): (cause: unknown) => never {
  return (cause) => {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown';
    throw CommandFault.failed(`line ${line}, ${name}: ${why}; ${done} were dealt with before it: run it again`, {
      cause,
    });
  };
}

type Outcome = { planned: readonly Planned[]; refused: readonly RefusedLine[] };

function printPlan({ planned, refused }: Outcome, command: Command, { terminal }: CommandWorld): void {
  if (optionsOf(command).json) {
    const steps = planned.map(({ line, name, step }) => ({ line, name, step }));
    terminal.print(JSON.stringify({ dry_run: true, steps, refused }));
    return;
  }
  const shown = planned.filter(({ step }) => step !== 'none');
  if (shown.length > 0) {
    terminal.print(tableOf(shown, { line: ({ line }) => line, would: ({ step }) => step, secret: ({ name }) => name }));
  }
  terminal.print(`${planned.length - shown.length} are as they should be; nothing was changed`);
  sayRefused(refused, terminal);
}

function printDone({ planned, refused }: Outcome, command: Command, { terminal }: CommandWorld): void {
  const counts = Object.entries(DID).map(
    ([step, did]) => [did, planned.filter((secret) => secret.step === step).length] as const,
  );
  if (optionsOf(command).json) {
    terminal.print(JSON.stringify({ ...Object.fromEntries(counts), refused }));
    return;
  }
  terminal.print(counts.map(([did, count]) => `${count} ${did}`).join(', '));
  sayRefused(refused, terminal);
}

function sayRefused(refused: readonly RefusedLine[], terminal: CommandWorld['terminal']): void {
  for (const { line, detail } of refused) terminal.say(`line ${line}: ${detail}`);
}
