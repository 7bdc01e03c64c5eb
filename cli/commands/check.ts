import type { Command } from 'commander';
import { egressPolicy } from '../../shared/egress/egress-guard.ts';
import { parseEndpointUrl } from '../../shared/egress/endpoint-url.ts';
import { type CheckedDelivery, RequestCheck } from '../../shared/enqueue/check-requests.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { readDeliverySettings } from '../../shared/settings.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, type GlobalOptions, optionsOf } from '../command-world.ts';
import { settingsHere } from '../find-stack.ts';
import { type NumberedText, requestTextsOf, textOf } from '../read-requests.ts';

type CheckOptions = { render?: true; queue?: true };
type Counts = Record<CheckedDelivery['verdict'] | 'warned', number>;

export function addCheck(program: Command, world: CommandWorld): void {
  program
    .command('check <file>')
    .description(
      'say what enqueue would refuse or warn of, one request a line, without an account or a database; - reads standard input. ' +
        'Whether runs and credentials exist is not looked at. WEBHOOK_HEADER_PREFIX and EGRESS_ALLOW_CIDRS count as in a stack; ' +
        'while one runs on this machine, what is not set is as there.',
    )
    .option('--render', 'print the frozen bodies, one a line, and what there is to say beside them')
    .option('--queue', 'as the intake queue takes them, which keeps the digits of every number (default: by invoke)')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = optionsOf<CheckOptions>(command);
      const texts = requestTextsOf(await textOf(file, world.terminal));
      const check = new RequestCheck(options.queue ? 'queue' : 'invoke', contextOf(options, world));
      const counts: Counts = { taken: 0, warned: 0, skipped: 0, announces: 0, refused: 0 };
      for (const text of texts) {
        for (const checked of check.check(text.text)) {
          count(checked, counts);
          if (options.json) printJson(text, checked, { options, world });
          else tell(text, checked, { options, world });
        }
      }
      if (!options.json) summarise(counts, options, world);
      if (counts.refused > 0) throw CommandFault.failed(`${counts.refused} would be refused`);
    });
}

function contextOf(options: GlobalOptions, { env, terminal }: CommandWorld) {
  const here = settingsHere(options, env);
  if (here !== undefined) terminal.say(`as the local stack in ${here.dataDir} judges`);
  const {
    headerPrefix,
    maxAttempts: defaultMaxAttempts,
    egressAllowCidrs: allowCidrs,
  } = readDeliverySettings({ ...here?.settings, ...env });
  const policy = egressPolicy({ allowCidrs, blockedAuthorities: [] });
  const judgeUrl = (raw: string) => parseEndpointUrl(raw, policy);
  return { headerPrefix, defaultMaxAttempts, judgeUrl, nowMs: systemClock.nowMs() };
}

function count(checked: CheckedDelivery, counts: Counts): void {
  counts[checked.verdict]++;
  if (checked.verdict === 'taken' && checked.warnings.length > 0) counts.warned++;
}

type Told = { options: GlobalOptions & CheckOptions; world: CommandWorld };

/** One object a line, the body only where it was asked for. */
function printJson({ line }: NumberedText, checked: CheckedDelivery, { options, world }: Told): void {
  const { at, ...rest } = checked;
  const shown = rest.verdict === 'taken' && !options.render ? { verdict: rest.verdict, warnings: rest.warnings } : rest;
  world.terminal.print(JSON.stringify({ line, ...(at === '' ? {} : { at }), ...shown }));
}

/** Only what there is to say something about. Beside bodies, which other programs may read, it goes to standard error. */
function tell({ line }: NumberedText, checked: CheckedDelivery, { options, world: { terminal } }: Told): void {
  const write = options.render ? terminal.say : terminal.print;
  const where = `line ${line}${checked.at === '' ? '' : `, ${checked.at}`}`;
  switch (checked.verdict) {
    case 'taken':
      for (const warning of checked.warnings) write(`${where}: ${terminal.styled('yellow', 'warning')}: ${warning}`);
      if (options.render) terminal.print(checked.body);
      return;
    case 'skipped':
      write(`${where}: skipped: not enabled`);
      return;
    case 'announces':
      write(`${where}: announces deliveries (${checked.deliveries}), whose rows are not looked for`);
      return;
    case 'refused':
      write(`${where}: ${terminal.styled('red', checked.errorType)}: ${checked.errorMessage}`);
  }
}

function summarise(
  { taken, warned, skipped, refused }: Counts,
  { render }: CheckOptions,
  { terminal }: CommandWorld,
): void {
  const write = render ? terminal.say : terminal.print;
  write(`${taken} taken, ${warned} of them with warnings; ${skipped} skipped; ${refused} refused`);
}
