import inspectSchema from '../schema/inspect-request.schema.json' with { type: 'json' };
import operateSchema from '../schema/operate-request.schema.json' with { type: 'json' };

type Schema = { type: 'object'; properties: Record<string, unknown>; required: string[]; additionalProperties: false };

/** One action of a function, as an agent is offered it. */
export type AgentTool = {
  name: string;
  role: 'inspect' | 'operate';
  action: string;
  description: string;
  /** The published schema of the action's request, without the action. */
  schema: Schema;
};

const SELECTION = 'Give at least one member that selects; all that are given must be met.';

/** What an action is for. One that is not here is offered by its name. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  show: 'One delivery: where it stands, its attempts, and an explanation of why and of what happens next.',
  list: `Deliveries, newest first, in pages. ${SELECTION}`,
  count: `How many deliveries there are, by status, reason, endpoint or organization. ${SELECTION}`,
  backlog: 'How many deliveries are due, in flight, later and dead, and how long the oldest has been due.',
  orders: 'What operators have ordered, by whom, and how far it is.',
  endpoints: 'Endpoints that are failing, down, held, waiting or limited.',
  doctor: 'Whether a URL can be reached from where webhooks are sent: name, address, connection, TLS.',
  redeliver: `Gives dead letters another life: receivers get them again. ${SELECTION} Count first with dry_run.`,
  replay: `Sends deliveries again as new ones, delivered ones too. ${SELECTION} Count first with dry_run.`,
  dismiss: `Marks dead letters as dealt with. ${SELECTION} Count first with dry_run.`,
  cancel: `Ends pending deliveries: receivers will not get them. ${SELECTION} Count first with dry_run.`,
  expunge: `Erases payloads and headers for good. ${SELECTION} Count first with dry_run.`,
  pause: 'Pauses an order.',
  continue: 'Continues an order that was paused.',
  stop: 'Stops an order for good.',
  hold: 'Holds deliveries: nothing of them is attempted and nothing is lost.',
  resume: 'Lets go on what is held.',
  set_endpoint: 'Sets or takes away the limits of one endpoint.',
  adopt: 'Takes over what another pipeline of the same shape has not finished.',
};

/** The actions of inspect, and those of operate only if they are asked for. */
export function agentTools(access: 'read-only' | 'with operate'): AgentTool[] {
  const tools = toolsOf('inspect', inspectSchema.anyOf);
  return access === 'read-only' ? tools : [...tools, ...toolsOf('operate', operateSchema.anyOf)];
}

function toolsOf(role: AgentTool['role'], requests: readonly object[]): AgentTool[] {
  return (requests as readonly Schema[]).map((schema) => {
    const { action, ...properties } = schema.properties as { action: { const: string } };
    const name = action.const;
    return {
      name: `${role}_${name}`,
      role,
      action: name,
      description: DESCRIPTIONS[name] ?? name,
      schema: { ...schema, properties, required: schema.required.filter((member) => member !== 'action') },
    };
  });
}
