// Real: the whole rule, which is pure. No doubles.
import { describe, expect, test } from 'vitest';
import { describeRedirect } from '../../../shared/delivery/redirect-target.ts';

const END = '; redirects are not followed, the URL must be changed';
const FROM = 'http://example.com/in?key=canary';

describe('a redirect', () => {
  test.each([
    ['https://example.com/in?key=canary', 'a redirect from http to https: https://example.com'],
    ['//www.example.com/in', 'a redirect to the same name with www: http://www.example.com'],
    ['https://www.example.com/in', 'a redirect to the same name with www: https://www.example.com'],
    ['/in/?key=canary', 'a redirect to the same URL with a slash at the end of its path, on http://example.com'],
    ['/login?next=canary', 'a redirect to another path on http://example.com'],
    ['?key=canary', 'a redirect to itself, on http://example.com'],
    ['https://login.example.net:8443/canary?canary#canary', 'a redirect to https://login.example.net:8443'],
    ['http://user:canary@example.net/', 'a redirect to http://example.net'],
    ['http://bücher.example/', 'a redirect to http://xn--bcher-kva.example'],
    ['http://169.254.169.254/latest/canary', 'a redirect to http://169.254.169.254'],
  ])('to %s tells the origin and no more', (location, words) => {
    expect(describeRedirect(301, FROM, location)).toBe(`${words}${END}`);
  });

  test.each([
    ['https://www.example.com/in', 'https://example.com/in', 'to the same name without www: https://example.com'],
    [
      'https://a.example/in/',
      'https://a.example/in',
      'to the same URL without the slash at the end of its path, on https://a.example',
    ],
    ['https://a.example', 'http://a.example', 'to http://a.example'],
  ])('of %s to %s', (from, location, words) => {
    expect(describeRedirect(308, from, location)).toBe(`a redirect ${words}${END}`);
  });

  test.each([undefined, 'http://', 'http://a b/', `http://example.net/${'a'.repeat(8192)}`])(
    'that leads nowhere is called so: %#',
    (location) => {
      expect(describeRedirect(302, FROM, location)).toBe('a redirect that does not say where to');
    },
  );

  test.each(['javascript:canary', 'data:text/html,canary', 'ftp://example.com/'])(
    'to %s is none of ours',
    (location) => {
      expect(describeRedirect(302, FROM, location)).toBe('a redirect to something that is not http');
    },
  );

  test.each([300, 301, 302, 303, 307, 308])('is a %i', (status) => {
    expect(describeRedirect(status, FROM, '/')).toContain('a redirect');
  });

  test.each([200, 201, 304, 305, 400, 404, 500])('is no %i', (status) => {
    expect(describeRedirect(status, FROM, 'https://example.net/')).toBeUndefined();
  });
});
