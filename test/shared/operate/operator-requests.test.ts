// Real: the requests to inspect and operate, as they are read. No doubles.
import { describe, expect, it } from 'vitest';
import { readEndpoint, readHost } from '../../../shared/operate/endpoint-selector.ts';
import { parseInspectRequest } from '../../../shared/operate/inspect-request.ts';
import { parseOperateRequest } from '../../../shared/operate/operate-request.ts';

const faultsOf = (parsed: { ok: boolean } | { ok: false; errorMessage: string }) =>
  'errorMessage' in parsed ? parsed.errorMessage.split('; ') : [];

describe('a request to operate', () => {
  it('tells every fault at once, each with its path, and no value', () => {
    const parsed = parseOperateRequest({
      action: 'redeliver',
      delivery_ids: [1, 'secret'],
      organization_id: 0,
      status: 'secret',
      reason: 'secret',
      endpoint_host: 'a b',
      endpoint_url: 'secret',
      dead_since: 'secret',
      per_second: 0,
      max_attempts: 51,
      note: 7,
      dry_run: 'yes',
      secret: 1,
    });
    expect(faultsOf(parsed).map((fault) => fault.split(':')[0])).toEqual([
      'delivery_ids[1]',
      'organization_id',
      'status',
      'reason',
      'endpoint_host',
      'endpoint_url',
      'dead_since',
      'note',
      'dry_run',
      'per_second',
      'max_attempts',
      'secret',
    ]);
    expect(faultsOf(parsed).filter((fault) => /secret\b(?!: unknown field)/.test(fault))).toEqual([]);
  });

  it.each(['redeliver', 'replay', 'dismiss', 'cancel', 'expunge'])('to %s refuses to select everything', (action) => {
    for (const empty of [{}, { note: 'all', dry_run: true }, { organization_id: null }]) {
      expect(faultsOf(parseOperateRequest({ action, ...empty }))).toEqual([expect.stringMatching(/^at least one of/)]);
    }
    expect(parseOperateRequest({ action, organization_id: 7 })).toMatchObject({ ok: true });
  });

  it.each([
    [undefined, 'action: is required'],
    ['drop', 'action: is not known'],
    ['toString', 'action: is not known'],
  ])('with the action %s is refused', (action, fault) => {
    expect(faultsOf(parseOperateRequest({ action }))[0]).toContain(fault);
  });

  it.each([null, [], 'redeliver', 7])('that is %j and no object is refused', (input) => {
    expect(faultsOf(parseOperateRequest(input))).toEqual(['the request must be a JSON object']);
  });

  it('keeps what makes two requests the same apart from who asks and why', () => {
    const parsed = parseOperateRequest({
      action: 'redeliver',
      organization_id: 7,
      per_second: 2,
      reason: null,
      by: 'arn:aws:iam::1:user/ada',
      note: 'mended',
      order_key: 'k',
    });
    expect(parsed).toMatchObject({
      request: {
        order: {
          request: {
            organization_id: 7,
            per_second: 2,
          },
          by: 'arn:aws:iam::1:user/ada',
          note: 'mended',
          orderKey: 'k',
          perSecond: 2,
          dryRun: false,
        },
      },
    });
  });

  it('takes no pace where nothing is sent', () => {
    expect(faultsOf(parseOperateRequest({ action: 'cancel', organization_id: 7, per_second: 1 }))).toEqual([
      'per_second: unknown field',
    ]);
  });

  it.each([
    [{ everything: true }, { scope: 'everything', organizationId: undefined, endpointUrl: undefined }],
    [{ organization_id: 7 }, { scope: 'organization', organizationId: 7, endpointUrl: undefined }],
    [
      { organization_id: 7, endpoint_url: 'HTTPS://Receiver.example/hook?token=secret' },
      { scope: 'endpoint', organizationId: 7, endpointUrl: 'https://receiver.example/hook' },
    ],
    [
      { endpoint_key: '3F2B8C1E-9d4a-4c6b-8e7f-0a1b2c3d4e5f' },
      { scope: 'endpoint', organizationId: undefined, endpointKey: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f' },
    ],
  ])('holds and resumes what %j covers, and keeps no query', (scope, change) => {
    for (const action of ['hold', 'resume']) {
      const parsed = parseOperateRequest({ action, ...scope, note: 'why' });
      expect(parsed).toMatchObject({ request: { kind: 'endpoint', order: { change: { action, ...change } } } });
      expect(JSON.stringify(parsed)).not.toContain('secret');
    }
  });

  it.each([
    {},
    { endpoint_url: 'https://receiver.example/' },
    { everything: true, organization_id: 7 },
    { everything: true, endpoint_url: 'https://receiver.example/' },
    { organization_id: 7, endpoint_key: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f' },
  ])('neither holds nor resumes %j', (scope) => {
    for (const action of ['hold', 'resume']) {
      const parsed = parseOperateRequest({ action, ...scope });
      expect(faultsOf(parsed)).toEqual([
        'give everything, or organization_id, or organization_id and endpoint_url, or endpoint_key',
      ]);
    }
    const faults = faultsOf(parseOperateRequest({ action: 'hold', everything: false, limit: 1 }));
    expect(faults).toEqual(['everything: must be true', 'limit: unknown field']);
  });

  it('sets the limits that are given, takes away those that are null, and leaves the others', () => {
    const endpoint = { action: 'set_endpoint', organization_id: 7, endpoint_url: 'https://receiver.example/' };
    const limitsOf = (limits: object) => {
      const parsed = parseOperateRequest({ ...endpoint, ...limits });
      return parsed.ok && parsed.request.kind === 'endpoint' ? parsed.request.order.change.limits : faultsOf(parsed);
    };
    expect(limitsOf({ max_in_flight: 2 })).toEqual({ maxInFlight: 2 });
    expect(limitsOf({ max_per_second: 0.5, max_in_flight: null })).toEqual({ maxInFlight: null, maxPerSecond: 0.5 });
    expect(limitsOf({})).toEqual(['at least one of max_in_flight, max_per_second must be given']);
    expect(limitsOf({ max_in_flight: 0.5, max_per_second: 0 })).toEqual([
      'max_in_flight: must be an integer from 1 to 99999',
      'max_per_second: must be a number from 0.001 to 99999',
    ]);
    for (const scope of [{}, { organization_id: 7 }, { endpoint_url: 'https://receiver.example/' }]) {
      const parsed = parseOperateRequest({ action: 'set_endpoint', max_in_flight: 1, ...scope });
      expect(faultsOf(parsed)).toEqual(['give organization_id and endpoint_url, or endpoint_key']);
    }
  });

  it('names the order that it pauses, continues or stops', () => {
    for (const action of ['pause', 'continue', 'stop']) {
      expect(parseOperateRequest({ action, order_id: 3 })).toMatchObject({ request: { verb: action, orderId: 3 } });
      expect(faultsOf(parseOperateRequest({ action }))).toEqual(['order_id: is required']);
    }
  });
});

describe('a request to inspect', () => {
  it.each([
    [{ delivery_id: 1 }, { deliveryId: 1 }],
    [
      { delivery_uuid: '3F2B8C1E-9d4a-4c6b-8e7f-0a1b2c3d4e5f' },
      { deliveryUuid: '3f2b8c1e-9d4a-4c6b-8e7f-0a1b2c3d4e5f' },
    ],
    [
      { workflow_run_id: 1, webhook_node_id: 'n' },
      { workflowRunId: 1, webhookNodeId: 'n' },
    ],
  ])('shows the delivery that %j names', (named, which) => {
    expect(parseInspectRequest({ action: 'show', ...named })).toMatchObject({ request: { which, withPayload: false } });
  });

  it.each([
    {},
    { workflow_run_id: 1 },
    { webhook_node_id: 'n' },
    { delivery_id: 1, workflow_run_id: 1, webhook_node_id: 'n' },
  ])('that names no delivery, or two, is refused: %j', (named) => {
    expect(faultsOf(parseInspectRequest({ action: 'show', ...named }))[0]).toMatch(/^give delivery_id/);
  });

  it.each([
    [{ action: 'list', organization_id: 1, limit: 201 }, 'limit'],
    [{ action: 'list', organization_id: 1, after: 'there' }, 'after'],
    [{ action: 'count', organization_id: 1, by: ['host'] }, 'by[0]'],
    [{ action: 'show', delivery_id: 1, include: ['secret'] }, 'include[0]'],
    [{ action: 'orders', state: 'over' }, 'state'],
    [{ action: 'endpoints', state: 'healthy' }, 'state'],
    [{ action: 'endpoints', after: 'there' }, 'after'],
    [{ action: 'endpoints', limit: 201 }, 'limit'],
    [{ action: 'backlog', all: true }, 'all'],
  ])('%j is refused by its path', (input, path) => {
    expect(faultsOf(parseInspectRequest(input))[0]?.split(':')[0]).toBe(path);
  });
});

describe('a host', () => {
  it.each([
    ['api.example.com', { host: 'api.example.com', port: undefined }],
    [' API.Example.COM. ', { host: 'api.example.com', port: undefined }],
    ['bücher.example', { host: 'xn--bcher-kva.example', port: undefined }],
    ['api.example.com:8443', { host: 'api.example.com', port: 8443 }],
    ['api.example.com:443', { host: 'api.example.com', port: 443 }],
    ['https://api.example.com:8443/x?y#z', { host: 'api.example.com', port: 8443 }],
    ['[2001:DB8::1]:8443', { host: '[2001:db8::1]', port: 8443 }],
    ['2001:db8:0::1', { host: '[2001:db8::1]', port: undefined }],
    ['0x7f.1', { host: '127.0.0.1', port: undefined }],
  ])('%s is read as the table has it', (text, host) => {
    expect(readHost(text)).toEqual(host);
  });

  it.each(['', ' ', 'a b', 'a/b', 'user@host', 'host:0', 'host:70000', 'ftp://a.example', '-a.example', '[1::2'])(
    '%j is none',
    (text) => {
      expect(readHost(text)).toBeUndefined();
    },
  );
});

describe('an endpoint', () => {
  it.each([
    ['https://API.example.com:443/Hook?token=1', 'https://api.example.com/Hook'],
    ['http://a.example', 'http://a.example/'],
  ])('%s is its URL without the query', (text, endpoint) => {
    expect(readEndpoint(text)).toBe(endpoint);
  });

  it.each(['a.example', 'ftp://a.example/', 'https://user:pass@a.example/'])('%s is none', (text) => {
    expect(readEndpoint(text)).toBeUndefined();
  });
});
