import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { egressPolicy } from '../../../shared/egress/egress-guard.ts';
import { judgeEndpoint, parseEndpointUrl } from '../../../shared/egress/endpoint-url.ts';
import { ssrfCases } from '../../support/receivers/ssrf-cases.ts';

// Pure rules: nothing is resolved and nothing is dialled. No doubles.

const strict = egressPolicy({ allowCidrs: [], blockedAuthorities: [] });
const loopbackAllowed = egressPolicy({
  allowCidrs: ['127.0.0.0/8', '::1/128'],
  blockedAuthorities: ['127.0.0.1:9001'],
});
const isAccepted = (raw: string) => parseEndpointUrl(raw, strict).ok;

/** Cases of the table about something else than their host: rules that came later decide them at enqueue. */
const decidedLater: ReadonlyMap<string, boolean> = new Map([
  ['ssrf-380', true], // A fragment is cut off.
  ['ssrf-451', false], // No name below .example has a receiver.
]);
const cases = ssrfCases.filter(({ id }) => !decidedLater.has(id));
const judgedHere = cases.filter(({ stage, verdict }) => stage !== 'dns' && verdict === 'blocked');
const leftToTheSender = cases.filter(({ stage, verdict }) => stage === 'dns' || verdict === 'allowed');

const FRAGMENT = 'its fragment was cut off, because no request carries one';

describe('known attacks by URL', () => {
  it('come in numbers', () => {
    expect(judgedHere.length + leftToTheSender.length).toBe(292);
  });

  it.each([...decidedLater])('%s is decided by a rule that came later: %s', (id, accepted) => {
    expect(isAccepted(ssrfCases.find((known) => known.id === id)?.url ?? '')).toBe(accepted);
  });

  it.each(judgedHere)('$id at stage $stage is refused when enqueued: $why', ({ url }) => {
    expect(isAccepted(url)).toBe(false);
  });

  it.each(leftToTheSender)('$id at stage $stage can be enqueued: $why', ({ url }) => {
    const withoutFinalDot = new URL(url).href.replace(/^([^:]+:\/\/[^/:]*)\.(?=[/:])/, '$1');
    expect(parseEndpointUrl(url, strict)).toEqual({ ok: true, url: withoutFinalDot, warnings: [] });
  });
});

describe('the form of an endpoint URL', () => {
  it.each([
    ['HTTPS://EXAMPLE.COM/Hook', 'https://example.com/Hook'],
    ['https:example.com', 'https://example.com/'],
    ['https://@example.com/', 'https://example.com/'],
    ['https://:@example.com/', 'https://example.com/'],
    ['https://example.com:443/a/../b?q=%20', 'https://example.com/b?q=%20'],
    ['https://bücher.example.org/ü', 'https://xn--bcher-kva.example.org/%C3%BC'],
    ['https://example.com./', 'https://example.com/'],
    ['https://EXAMPLE.com.:8443/in?a=1', 'https://example.com:8443/in?a=1'],
  ])('normalises %s', (raw, url) => {
    expect(parseEndpointUrl(raw, strict)).toEqual({ ok: true, url, warnings: [] });
  });

  it.each([
    ['a space', 'https://example.com/a b'],
    ['a tab', 'https://exam\tple.com/'],
    ['a newline inside', 'https://example.com/\na'],
    ['a NUL', 'https://example.com/\0'],
    ['a no-break space inside', 'https://example.com/\u00a0a'],
    ['a backslash', 'https:\\\\example.com'],
    ['a lone surrogate', 'https://example.com/\ud800'],
    ['user info', 'https://user:pass@example.com/'],
    ['a user', 'https://user@example.com/'],
    ['a password', 'https://:pass@example.com/'],
    ['no scheme', 'example.com/hook'],
    ['another scheme', 'ftp://example.com/'],
    ['no host', 'https:///'],
    ['a dot for a host', 'https://./'],
    ['two trailing dots', 'https://example.com../'],
    ['a label ending in a hyphen', 'https://a-.example.com/'],
    ['a label with a sign', 'https://a!b.example.com/'],
    ['port 0', 'https://example.com:0/'],
    ['a mail port', 'https://example.com:25/'],
    ['a local name', 'https://printer.local/'],
    ['an internal name', 'https://db.internal/'],
    ['a name below localhost', 'https://api.localhost/'],
    ['a name of localdomain', 'https://localhost.localdomain/'],
    ['a single label', 'https://intranet/'],
    ['a single label with a dot', 'https://intranet./'],
    ['ip6-loopback', 'https://ip6-loopback/'],
  ])('refuses %s', (_, raw) => {
    expect(isAccepted(raw)).toBe(false);
  });

  it.each([
    ['  https://example.com/a\r\n', 'https://example.com/a', ['blanks around it were cut off']],
    ['\u00a0https://example.com/\u00a0', 'https://example.com/', ['blanks around it were cut off']],
    ['https://example.com/a?b#c#d', 'https://example.com/a?b', [FRAGMENT]],
    ['https://example.com/#', 'https://example.com/', [FRAGMENT]],
    [' https://example.com/#/app ', 'https://example.com/', ['blanks around it were cut off', FRAGMENT]],
  ])('loses what forms leave behind, and says so: %j', (raw, url, warnings) => {
    expect(parseEndpointUrl(raw, strict)).toEqual({ ok: true, url, warnings });
  });

  it.each([
    ['https://exa\u00admple.com/', 'U+00AD at character 12'],
    ['https://example.com/\u202egnp', 'U+202E at character 21'],
    ['\ufeffhttps://example.com/', 'U+FEFF at character 1'],
    ['https://example.com/a\u200b', 'U+200B at character 22'],
    ['https://example.com/\u{1f600}\u2060', 'U+2060 at character 22'],
    ['https://example.com/\u{e0041}', 'U+E0041 at character 21'],
    ['https://example.com/\u3164', 'U+3164 at character 21'],
    ['https://example.com/\u2764\ufe0f', 'U+FE0F at character 22'],
  ])('is refused for a character that nobody sees, by code point and place: %j', (raw, named) => {
    expect(parseEndpointUrl(raw, strict)).toEqual({ ok: false, fault: `holds the invisible character ${named}` });
  });

  it('is refused for one that the parser would silently remove from an escaped host; in a path an escape is meant', () => {
    expect(parseEndpointUrl('https://exa%C2%ADmple.com/', strict)).toEqual({
      ok: false,
      fault: 'has a host that escapes the invisible character U+00AD at character 4',
    });
    expect(isAccepted('https://example.com/%E2%80%8B')).toBe(true);
  });

  it('with user info says how to do it instead', () => {
    expect(parseEndpointUrl('https://user:pass@example.com/', strict)).toEqual({
      ok: false,
      fault:
        'must hold no user name or password; put them into a credential of the type basic_auth and name it in credential_uuid',
    });
  });

  it('takes 2048 characters of the normalised form and not one more', () => {
    const url = `https://example.com/${'a'.repeat(2048 - 'https://example.com/'.length)}`;
    expect(url).toHaveLength(2048);
    expect(isAccepted(url)).toBe(true);
    expect(isAccepted(`${url}a`)).toBe(false);
    // 3 characters as typed, 9 as stored.
    expect(isAccepted(`${url.slice(0, -8)}€`)).toBe(false);
    expect(isAccepted(url.replace('https://', 'https://@').replace('com/', 'com:443/'))).toBe(true);
  });

  it('takes host names of 253 characters with labels of 63', () => {
    const label = 'a'.repeat(63);
    const host = `${label}.${label}.${label}.${'a'.repeat(57)}.com`;
    expect(host).toHaveLength(253);
    expect(isAccepted(`https://${host}/`)).toBe(true);
    expect(isAccepted(`https://a${host.slice(1, -4)}a.com/`)).toBe(false);
    expect(isAccepted(`https://${label}a.com/`)).toBe(false);
  });

  it('never repeats path, query or user info in a fault', () => {
    const canary = 'c4n4ry';
    for (const raw of [
      `https://${canary}:x@example.com/`,
      `https://127.0.0.1/${canary}?${canary}`,
      `https://example.com:25/${canary}#${canary}`,
      `ftp://example.com/${canary}`,
      `https://intranet/${canary} `,
      `https://example.com/${canary}${'a'.repeat(2048)}`,
      `/${canary}`,
    ]) {
      const answer = parseEndpointUrl(raw, strict);
      expect(answer.ok).toBe(false);
      expect(JSON.stringify(answer)).not.toContain(canary);
    }
  });
});

describe('a name that public DNS never answers', () => {
  it.each([
    'x.onion',
    'a.test',
    'A.TEST.',
    'a.invalid',
    'a.alt',
    'a.example',
    'router.home.arpa',
    'ipv4only.arpa',
    '1.0.0.127.in-addr.arpa',
    'home.arpa',
    'b\u00fccher.example',
  ])('is refused when enqueued: %s', (host) => {
    for (const policy of [strict, loopbackAllowed]) {
      expect(parseEndpointUrl(`https://${host}/hook`, policy)).toEqual({
        ok: false,
        fault: expect.stringMatching(/^has a host below \.\w+, where public DNS has no receivers$/),
      });
    }
  });

  it.each(['test.com', 'www.example.com', 'example.org', 'arpa.net', 'onion.io', 'my-test.dev'])(
    'is none that only resembles one: %s',
    (host) => {
      expect(isAccepted(`https://${host}/`)).toBe(true);
    },
  );

  it('is left to the resolver where a row has it already', () => {
    expect(judgeEndpoint('https://hooks.test/', strict).ok).toBe(true);
  });
});

describe('an address literal in any spelling', () => {
  const radix = fc.constantFrom(
    (part: number) => String(part),
    (part: number) => `0x${part.toString(16)}`,
    (part: number) => `0X00${part.toString(16).toUpperCase()}`,
    (part: number) => `0${part.toString(8)}`,
  );

  /** All WHATWG spellings: parts in any base, the last ones possibly merged into one number, a trailing dot. */
  const spelling = fc
    .record({
      address: fc.integer({ min: 0, max: 0xffffffff }),
      parts: fc.integer({ min: 1, max: 4 }),
      radixes: fc.array(radix, { minLength: 4, maxLength: 4 }),
      dot: fc.constantFrom('', '.'),
    })
    .map(({ address, parts, radixes, dot }) => {
      const bytes = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
      const leading = bytes.slice(0, parts - 1);
      const merged = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0);
      const host = [...leading, merged].map((part, index) => radixes[index]?.(part)).join('.');
      return { plain: bytes.join('.'), host: `${host}${dot}` };
    });

  it('is judged as the address that is dialled', () => {
    fc.assert(
      fc.property(spelling, ({ plain, host }) => {
        const spelled = judgeEndpoint(`http://${host}/`, strict);
        const dotted = judgeEndpoint(`http://${plain}/`, strict);
        expect(spelled.ok).toBe(dotted.ok);
        expect(spelled.ok ? spelled.target.addresses : [plain]).toEqual([plain]);
      }),
    );
  });

  it('is refused as IPv6 whatever IPv4 address it wraps', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom('::ffff:', '::', '64:ff9b::', '::ffff:0:'), (address, prefix) => {
        expect(isAccepted(`http://[${prefix}${address}]/`)).toBe(false);
      }),
    );
  });
});

describe('localhost', () => {
  it.each(['http://localhost:3000/', 'http://LOCALHOST:3000/', 'http://localhost.:3000/', 'http://127.0.0.1:3000/'])(
    'is refused as %s unless a setting allows its addresses',
    (url) => {
      expect(parseEndpointUrl(url, strict).ok).toBe(false);
      expect(parseEndpointUrl(url, loopbackAllowed).ok).toBe(true);
    },
  );

  it('is refused when only one of its two addresses is allowed', () => {
    const ipv4Only = egressPolicy({ allowCidrs: ['127.0.0.0/8'], blockedAuthorities: [] });
    expect(parseEndpointUrl('http://localhost:3000/', ipv4Only).ok).toBe(false);
    expect(parseEndpointUrl('http://127.0.0.1:3000/', ipv4Only).ok).toBe(true);
  });

  it.each(['http://localhost:9001/', 'http://127.0.0.1:9001/', 'http://127.1:9001/', 'http://[::1]:9001/'])(
    'does not open the runtime API at %s',
    (url) => {
      expect(parseEndpointUrl(url, loopbackAllowed).ok).toBe(false);
    },
  );

  it.each(['http://printer.local/', 'http://a.localhost/', 'http://intranet/', 'http://0.0.0.0/', 'http://[::]/'])(
    'opens nothing else: %s',
    (url) => {
      expect(parseEndpointUrl(url, loopbackAllowed).ok).toBe(false);
    },
  );
});

describe('names of private zones', () => {
  const privateReceivers = egressPolicy({ allowCidrs: ['10.20.0.0/16'], blockedAuthorities: [] });
  const urls = ['https://orders.corp.internal/', 'http://orders.svc.local:8080/'];

  it.each(urls)('%s can be enqueued where private receivers are allowed', (url) => {
    expect(parseEndpointUrl(url, privateReceivers).ok).toBe(true);
  });

  it.each(urls)('%s is refused where only the machine itself is allowed', (url) => {
    expect(parseEndpointUrl(url, loopbackAllowed).ok).toBe(false);
  });

  it.each(['https://db.localdomain/', 'https://x.localhost/', 'https://intranet/'])(
    '%s is refused everywhere',
    (url) => {
      expect(parseEndpointUrl(url, privateReceivers).ok).toBe(false);
    },
  );
});
