import type { Command } from 'commander';
import { askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

type DoctorOptions = { organization?: string; credential?: string; send?: true };

export function addDoctor(program: Command, world: CommandWorld): void {
  program
    .command('doctor <url>')
    .description('whether a URL can be reached from where webhooks are sent: name, address, connection, TLS')
    .option('--organization <id>', 'the organization whose credential is used')
    .option('--credential <uuid>', 'the credential')
    .option('--send', 'send it a signed test request')
    .action(async (url: string, _options: unknown, command: Command) => {
      const { organization, credential, send } = optionsOf<DoctorOptions>(command);
      const request = {
        action: 'doctor',
        endpoint_url: url,
        organization_id: numberOf('--organization', organization),
        credential_uuid: credential,
        send,
      };
      const { answer, shown } = await askFunction(command, world, { role: 'inspect', request });
      const steps = rowsOf(answer, 'steps');
      if (!shown) {
        world.terminal.print(
          tableOf(steps, {
            step: (row) => shownAt(row, 'step') || shownAt(row, 'name'),
            '': (row) => (row['ok'] === true ? 'ok' : 'FAILED'),
            ms: (row) => shownAt(row, 'ms'),
            detail: (row) => shownAt(row, 'detail'),
          }),
        );
      }
      if (steps.some(({ ok }) => ok === false)) throw CommandFault.failed('webhooks to this URL do not arrive');
    });
}
