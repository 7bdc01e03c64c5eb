import type { Command } from 'commander';
import { type Answer, answerOf, shownAt } from '../ask-function.ts';
import { callerOf } from '../caller.ts';
import { CommandFault } from '../command-fault.ts';
import { type CommandWorld, confirm, confirmable, optionsOf, stackOf } from '../command-world.ts';
import { numberOf } from '../selection-options.ts';
import type { StackAccess } from '../stack-access.ts';

type HoldOptions = { everything?: true; organization?: string; url?: string; key?: string; note?: string; yes?: true };

const KINDS = [
  {
    action: 'hold',
    verb: 'Hold',
    says: 'the kill switch: nothing of it is attempted, nothing is lost, enqueue goes on',
  },
  { action: 'resume', verb: 'Resume', says: 'let go on what is held' },
] as const;

export function addHold(program: Command, world: CommandWorld): void {
  for (const { action, verb, says } of KINDS) {
    confirmable(program.command(action))
      .description(says)
      .option('--everything', 'all deliveries of the stack')
      .option('--organization <id>', 'all of this organization')
      .option('--url <url>', 'all of that organization to this URL')
      .option('--key <endpoint_key>', 'what `endpoints` lists under this key')
      .option('--note <text>', 'why: shown wherever it applies')
      .action(async (_options: unknown, command: Command) => {
        const options = optionsOf<HoldOptions>(command);
        const { what, members } = heldBy(options);
        const stack = await stackOf(command, world);
        const pending = options.yes ? undefined : await pendingOf(stack, members);
        const many = pending === undefined ? '' : ` (${pending})`;
        await confirm(`${verb} ${what} of ${stack.name}${many}?`, options, world);
        const request = { action, ...members, note: options.note, by: await callerOf(stack) };
        const { text, answer } = await answerOf(stack, { role: 'operate', request });
        if (options.json) world.terminal.print(text);
        else world.terminal.print(`${what}: ${becameOf(action, answer)}, order ${shownAt(answer, 'order_id')}`);
        // After the order: whoever stops everything does not wait for a count.
        const concerned =
          options.json || action === 'resume' ? undefined : (pending ?? (await pendingOf(stack, members)));
        if (concerned !== undefined) world.terminal.say(`concerned: ${concerned}, and whatever is enqueued meanwhile`);
      });
  }
}

/** `changed` of such an order is 1 or 0. */
function becameOf(action: 'hold' | 'resume', { changed }: Answer): string {
  if (action === 'hold') return changed === 0 ? 'was held already' : 'held';
  return changed === 0 ? 'was not held, nothing was changed' : 'resumed';
}

/** How many deliveries are pending there, in words; undefined where it cannot be told: that keeps nobody from holding them. */
async function pendingOf(stack: StackAccess, members: Scope): Promise<string | undefined> {
  // What is listed by its key has no URL that anybody is told.
  if (members.endpoint_key !== undefined) return undefined;
  const { organization_id, endpoint_url } = members;
  const request = { action: 'count', status: 'pending', organization_id, endpoint_url };
  try {
    const { answer } = await answerOf(stack, { role: 'inspect', request });
    return `${answer['complete'] === false ? 'at least ' : ''}${shownAt(answer, 'matched')} pending`;
  } catch (fault) {
    if (fault instanceof CommandFault) return undefined;
    throw fault;
  }
}

type Scope = { everything?: true; organization_id?: number | undefined; endpoint_url?: string; endpoint_key?: string };

/** What is held, in words and as members of the request. Throws CommandFault. */
function heldBy({ everything, organization, url, key }: HoldOptions): { what: string; members: Scope } {
  const organizationId = numberOf('--organization', organization);
  const ways = [everything, organizationId, key].filter((way) => way !== undefined);
  if (ways.length !== 1 || (url !== undefined && organizationId === undefined)) {
    throw CommandFault.wrongUsage('give --everything, or --organization, or --organization and --url, or --key');
  }
  if (everything) return { what: 'all deliveries', members: { everything: true } };
  if (key !== undefined) return { what: `what is listed as ${key}`, members: { endpoint_key: key } };
  const members = { organization_id: organizationId, ...(url !== undefined && { endpoint_url: url }) };
  return { what: `organization ${organizationId}${url === undefined ? '' : `, ${url},`}`, members };
}
