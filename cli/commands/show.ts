import type { Command } from 'commander';
import { isJsonObject } from '../../shared/runtime/json-object.ts';
import { type Answer, type Asked, askFunction, rowsOf, shownAt } from '../ask-function.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, optionsOf } from '../command-world.ts';
import { BODY_FILE, curlCommand } from '../../shared/operate/curl-command.ts';
import { hasClientCertificate, sentLines, withoutControls } from '../sent-lines.ts';
import { numberOf } from '../selection-options.ts';
import { tableOf } from '../table.ts';

type ShowOptions = { run?: string; node?: string; payload?: true; attempt?: string; curl?: true };

export function addShow(program: Command, world: CommandWorld): void {
  program
    .command('show [id]')
    .description('one delivery, by its id or uuid, or by --run and --node: where it stands, why, and what happens next')
    .option('--run <id>', 'the workflow run')
    .option('--node <id>', 'the webhook node')
    .option('--payload', 'with its payload, the values of its headers and the query of its URL')
    .option('--attempt <number>', 'which attempt to show in full (default: the latest)')
    .option('--curl', 'print the request of that attempt as a curl command, with placeholders for what is not shown')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const options = optionsOf<ShowOptions>(command);
      const number = numberOf('--attempt', options.attempt);
      const request = {
        action: 'show',
        ...keyOf(id, options),
        ...(options.payload && { include: ['payload'] }),
      };
      const { answer, shown, stack } = await askFunction(command, world, { role: 'inspect', request });
      if (shown) return;
      const told = options.payload ? answer : withoutQuery(answer);
      if (options.curl) printCurl(curlOf(told, number), { answer, stack }, world);
      else printDelivery(told, number, world);
    });
}

function keyOf(id: string | undefined, { run, node }: ShowOptions): object {
  if (id !== undefined && run === undefined && node === undefined) {
    return /^\d+$/.test(id) ? { delivery_id: Number(id) } : { delivery_uuid: id };
  }
  if (id === undefined && run !== undefined && node !== undefined) {
    return { workflow_run_id: numberOf('--run', run), webhook_node_id: node };
  }
  throw CommandFault.wrongUsage('give the id or uuid of a delivery, or --run and --node');
}

/** A query carries tokens: it is printed to whoever asks for what was sent. */
function withoutQuery(answer: Answer): Answer {
  const delivery = isJsonObject(answer['delivery']) ? answer['delivery'] : {};
  const [place, query] = shownAt(delivery, 'endpoint_url').split(/\?(.*)/s);
  if (query === undefined) return answer;
  return { ...answer, delivery: { ...delivery, endpoint_url: `${place}?<its query>` } };
}

function printCurl(command: string, { answer, stack }: Asked, { terminal }: CommandWorld): void {
  terminal.print(command);
  if (!command.endsWith(`@${BODY_FILE}`)) return;
  const id = isJsonObject(answer['delivery']) ? shownAt(answer['delivery'], 'delivery_id') : '';
  const show = ['surehook show', id, stack.options, '--payload --json'].filter((word) => word !== '').join(' ');
  const write = `node -e 'process.stdout.write(JSON.parse(fs.readFileSync(0)).delivery.payload)'`;
  terminal.say(`the body is read from a file, which this writes: ${show} | ${write} > ${BODY_FILE}`);
}

/** Throws CommandFault where nothing is known of the attempt's request. */
function curlOf(answer: Answer, number: number | undefined): string {
  const delivery = isJsonObject(answer['delivery']) ? answer['delivery'] : {};
  const attempt = attemptOf(answer, number);
  const exchange = isJsonObject(attempt?.['exchange']) ? attempt['exchange'] : {};
  const request = isJsonObject(exchange['request']) ? exchange['request'] : undefined;
  if (request === undefined)
    throw CommandFault.failed('no request is known of this attempt: it was never made up, or never reported');
  if (!Array.isArray(request['headers'])) throw CommandFault.failed('the headers of this request are erased');
  const { payload } = delivery;
  return curlCommand({
    url: shownAt(delivery, 'endpoint_url'),
    method: shownAt(request, 'method'),
    headers: rowsOf(request, 'headers').map((header) => ({
      name: shownAt(header, 'name'),
      value: textAt(header, 'value'),
      of: textAt(header, 'of'),
    })),
    customHeaders: [
      ...rowsOf(delivery, 'custom_headers').map((header) => ({
        key: shownAt(header, 'key'),
        value: textAt(header, 'value'),
      })),
      { key: 'tracestate', value: textAt(delivery, 'tracestate') },
    ],
    payload: typeof payload === 'string' ? payload : undefined,
    hasClientCertificate: hasClientCertificate(exchange),
  });
}

function textAt(row: Answer, name: string): string | undefined {
  const value = row[name];
  return typeof value === 'string' ? value : undefined;
}

/** The one asked for, or the latest of which something is known. Throws CommandFault where there is no such attempt. */
function attemptOf(answer: Answer, number: number | undefined): Answer | undefined {
  const attempts = rowsOf(answer, 'attempts');
  if (number === undefined) return attempts.find(({ exchange }) => isJsonObject(exchange));
  const asked = attempts.find(({ attempt }) => attempt === number);
  if (asked === undefined) throw CommandFault.failed(`there is no attempt ${number}`);
  return asked;
}

function printDelivery(answer: Answer, number: number | undefined, { terminal }: CommandWorld): void {
  const delivery = isJsonObject(answer['delivery']) ? answer['delivery'] : {};
  const explanation: unknown = answer['explanation'];
  const state = shownAt(delivery, 'phase') || shownAt(delivery, 'status');
  terminal.print(terminal.styled('bold', `delivery ${shownAt(delivery, 'delivery_id')}: ${state}`));
  for (const sentence of Array.isArray(explanation) ? explanation : [explanation ?? '']) {
    if (sentence !== '') terminal.print(`  ${withoutControls(String(sentence))}`);
  }
  terminal.print('');
  const facts = Object.keys(delivery).filter((name) => shownAt(delivery, name) !== '');
  terminal.print(
    facts
      .map((name) => `${terminal.styled('dim', name.padEnd(20))} ${withoutControls(shownAt(delivery, name))}`)
      .join('\n'),
  );
  const attempts = rowsOf(answer, 'attempts');
  if (attempts.length === 0) return;
  terminal.print('');
  terminal.print(
    tableOf(attempts, {
      attempt: (row) => shownAt(row, 'attempt'),
      started: (row) => shownAt(row, 'started_at'),
      ms: (row) => shownAt(row, 'duration_ms'),
      status: (row) => shownAt(row, 'status_code'),
      failure: (row) => shownAt(row, 'error_class'),
      error: (row) => shownAt(row, 'error'),
    }),
  );
  const attempt = attemptOf(answer, number);
  const lines = attempt === undefined ? [] : sentLines(attempt);
  if (attempt === undefined || lines.length === 0) return;
  terminal.print('');
  terminal.print(terminal.styled('bold', `attempt ${shownAt(attempt, 'attempt')}, as it was sent`));
  terminal.print(lines.map((line) => `  ${line}`).join('\n'));
}
