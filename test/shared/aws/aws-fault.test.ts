// What an answer of AWS means, and what of it is asked again. No doubles: the answers are written down here.
import { describe, expect, test } from 'vitest';
import { AwsFault, pauseBeforeRetry } from '../../../shared/aws/aws-fault.ts';

const of = (status: number, headers: Record<string, string>, text: string) => AwsFault.of({ status, headers, text });

describe('the name of a fault', () => {
  test.each<[where: string, headers: Record<string, string>, text: string, name: string]>([
    ['the header', { 'x-amzn-errortype': 'DatabaseErrorException' }, '{}', 'DatabaseErrorException'],
    [
      'the header, before a URL',
      { 'x-amzn-errortype': 'AccessDeniedException:http://x/' },
      '{}',
      'AccessDeniedException',
    ],
    ['the body, behind a namespace', {}, '{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}', 'QueueDoesNotExist'],
    ['the body', {}, '{"code":"ThrottlingException"}', 'ThrottlingException'],
    ['nowhere', {}, '{"__type":7}', 'UnknownError'],
    ['nowhere in a page of a proxy', {}, '<html>502</html>', 'UnknownError'],
    ['nowhere in JSON that is no object', {}, '"no"', 'UnknownError'],
  ])('stands in %s', (_where, headers, text, name) => {
    expect(of(400, headers, text)).toMatchObject({ name, status: 400 });
  });
});

test.each([
  ['{"message":"ERROR: no; SQLState: 23505"}', 'ERROR: no; SQLState: 23505'],
  ['{"Message":"no"}', 'no'],
  ['{}', ''],
])('the message of %s', (text, message) => {
  expect(of(400, {}, text).message).toBe(message);
});

describe('what may pass is asked again', () => {
  const told = { tries: 1, random: 0.5 };
  const network = (code: string) => Object.assign(new Error(code), { code });

  test.each<[what: string, error: unknown, pauseMs: number]>([
    ['500', of(500, {}, ''), 50],
    ['502', of(502, {}, ''), 50],
    ['503', of(503, {}, ''), 50],
    ['504', of(504, {}, ''), 50],
    ['429', of(429, {}, ''), 250],
    ['ThrottlingException', of(400, {}, '{"__type":"ThrottlingException"}'), 250],
    ['a signature that was too old', of(403, {}, '{"__type":"RequestExpired"}'), 50],
    [
      'a signature that was too old, in other words',
      of(403, {}, '{"__type":"InvalidSignatureException","message":"Signature expired: 2026"}'),
      50,
    ],
    ['a reset', network('ECONNRESET'), 50],
    ['a name that is not found', network('ENOTFOUND'), 50],
  ])('%s', (_what, error, pauseMs) => {
    expect(pauseBeforeRetry(error, told)).toBe(pauseMs);
  });

  test.each<[what: string, error: unknown]>([
    ['a statement that PostgreSQL refused', of(400, {}, '{"__type":"DatabaseErrorException"}')],
    ['a database that wakes: whoever asks decides', of(400, {}, '{"__type":"DatabaseResumingException"}')],
    ['a right that is missing', of(403, {}, '{"__type":"AccessDeniedException"}')],
    ['a wrong signature', of(403, {}, '{"__type":"InvalidSignatureException","message":"does not match"}')],
    ['501', of(501, {}, '')],
    ['a caller that waits no longer', Object.assign(new Error('aborted'), { name: 'AbortError' })],
    ['a bug', new TypeError('x is undefined')],
    ['what is no error', 'ECONNRESET'],
  ])('%s is not', (_what, error) => {
    expect(pauseBeforeRetry(error, told)).toBeUndefined();
  });

  test('later and later, and never after more than 20 s', () => {
    const pauses = [1, 2, 3, 20].map((tries) => pauseBeforeRetry(of(500, {}, ''), { tries, random: 0.5 }));
    expect(pauses).toEqual([50, 100, 200, 10_000]);
  });

  test.each([
    ['1', 1_000],
    ['60', 5_050],
    ['0', 50],
    ['Fri, 27 Nov 2026 12:00:00 GMT', 50],
  ])('after the time a service asks for, within bounds: %s', (header, pauseMs) => {
    expect(pauseBeforeRetry(of(503, { 'retry-after': header }, ''), told)).toBe(pauseMs);
  });
});
