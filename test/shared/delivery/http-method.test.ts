// Pure rules, nothing is a double.
import { expect, test } from 'vitest';
import { HTTP_METHODS, sendsBody } from '../../../shared/delivery/http-method.ts';

test('of the methods a webhook may have, GET and DELETE send no body', () => {
  expect(HTTP_METHODS.filter((method) => !sendsBody(method))).toEqual(['GET', 'DELETE']);
  expect(HTTP_METHODS.filter((method) => sendsBody(method))).toEqual(['POST', 'PUT', 'PATCH']);
});
