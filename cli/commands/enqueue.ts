import type { Command } from 'commander';
import { batchOf, CALL_BYTES, splitRequests } from '../../client/split-requests.ts';
import { isJsonObject } from '../../shared/runtime/json-object.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, confirmable, optionsOf, stackOf } from '../command-world.ts';
import { jsonTextsOf, textOf } from '../read-requests.ts';
import type { FunctionAnswer } from '../stack-access.ts';
import { tableOf } from '../table.ts';

/** What came of one request. */
type Result = Readonly<Record<string, unknown>>;

export function addEnqueue(program: Command, world: CommandWorld): void {
  // It never asks: it only adds what it was given, and nothing twice. It takes --yes like whatever changes something.
  confirmable(program.command('enqueue <file>'))
    .description(
      'hand over webhooks: one request, {"deliveries":[…]}, or one request a line; - reads standard input. ' +
        '{"announce":{"delivery_uuids":[…]}} has those sent that an application has inserted',
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const requests = jsonTextsOf(await textOf(file, world.terminal));
      const stack = await stackOf(command, world);
      const print = optionsOf(command).json ? printAnswer : printResults;
      let refused = 0;
      for (const { text, numbers } of callsOf(requests)) {
        const answer = await stack.invoke('enqueue', text);
        refused += answer.kind === 'refused' ? Math.max(numbers.length, 1) : resultsOf(answer).filter(isRefused).length;
        print(answer, world, numbers);
      }
      if (refused > 0)
        throw CommandFault.failed(`${refused} of the requests ${refused === 1 ? 'was' : 'were'} not taken`);
    });
}

/** The text of a call, and which of the requests, from 1, it holds. */
type NumberedCall = { text: string; numbers: readonly number[] };

/** A single request goes as it is, and so does an announcement; others go together, as many as a call takes. */
function callsOf(requests: readonly string[]): NumberedCall[] {
  const [only = '', ...others] = requests;
  if (others.length === 0) return [{ text: only, numbers: [] }];
  const numbered = requests.map((text, index) => ({ text, number: index + 1 }));
  const announcements = numbered.filter(({ text }) => isAnnouncement(text));
  const deliveries = numbered.filter(({ text }) => !isAnnouncement(text));
  const together = splitRequests(
    deliveries.map(({ text }) => text),
    CALL_BYTES.invoke,
  );
  return [
    ...together.map(({ first, requests: some }) => ({
      text: batchOf(some),
      numbers: deliveries.slice(first, first + some.length).map(({ number }) => number),
    })),
    ...announcements.map(({ text }) => ({ text, numbers: [] })),
  ];
}

function isAnnouncement(request: string): boolean {
  const value: unknown = JSON.parse(request);
  return isJsonObject(value) && Object.hasOwn(value, 'announce');
}

function printAnswer({ text }: FunctionAnswer, { terminal }: CommandWorld): void {
  terminal.print(text);
}

/** @param numbers of the requests of a call that was put together here: their places in it are nobody's */
function printResults(answer: FunctionAnswer, { terminal }: CommandWorld, numbers: readonly number[]): void {
  const results = resultsOf(answer);
  const announced = results.filter((result) => 'result' in result);
  if (announced.length > 0) printAnnounced(announced, terminal);
  const taken = results.filter((result) => !isRefused(result) && !('result' in result));
  if (taken.length > 0) {
    terminal.print(
      tableOf(taken, {
        delivery: (result) => textAt(result, 'delivery_id') || 'none: not enabled',
        uuid: (result) => textAt(result, 'delivery_uuid'),
        created: (result) => ({ true: 'new', false: 'known' })[textAt(result, 'created')],
        status: (result) => textAt(result, 'status'),
        due: (result) => textAt(result, 'scheduled_for'),
      }),
    );
  }
  for (const result of taken) {
    for (const warning of Array.isArray(result['warnings']) ? result['warnings'] : []) {
      terminal.say(`${terminal.styled('yellow', 'warning')} ${textAt(result, 'delivery_id')}: ${String(warning)}`);
    }
  }
  for (const [place, { error }] of results.entries()) {
    if (!isJsonObject(error)) continue;
    const concerned = answer.kind === 'refused' ? numbers : numbers.slice(place, place + 1);
    const said = String(error['errorMessage']);
    const told = numbers.length === 0 ? said : said.replaceAll(`deliveries[${place}].`, '');
    terminal.say(`${terminal.styled('red', String(error['errorType']))}: ${named(concerned)}${told}`);
  }
}

/** Which requests of the file something is said of. */
function named(numbers: readonly number[]): string {
  const [first, ...others] = numbers;
  if (first === undefined) return '';
  return others.length === 0 ? `request ${first}: ` : `requests ${first} to ${others.at(-1)}: `;
}

function resultsOf(answer: FunctionAnswer): Result[] {
  if (answer.kind === 'refused') {
    return [{ error: { errorType: answer.errorType, errorMessage: answer.errorMessage } }];
  }
  const { value } = answer;
  if (!isJsonObject(value)) return [];
  return Array.isArray(value['results']) ? value['results'].filter(isJsonObject) : [value];
}

function printAnnounced(announced: readonly Result[], terminal: CommandWorld['terminal']): void {
  terminal.print(
    tableOf(announced, {
      uuid: (result) => textAt(result, 'delivery_uuid'),
      announced: (result) => textAt(result, 'result').replaceAll('_', ' '),
      due: (result) => textAt(result, 'scheduled_for'),
    }),
  );
}

function isRefused(result: Result): boolean {
  return 'error' in result || result['result'] === 'not_found';
}

function textAt(result: Result, name: string): string {
  return String(result[name] ?? '');
}
