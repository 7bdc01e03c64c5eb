// Pure: which findings the exceptions explain. The rules themselves are asked by `npm run lint:template`.
import { expect, test } from 'vitest';
import { EXCEPTIONS, type Finding, outlived, unexplained } from '../../scripts/lint-template.ts';

const finding = (change: Partial<Finding>): Finding => ({
  form: 'a new database',
  ruleId: 'E3012',
  severity: 'ERROR',
  logicalId: 'Queue',
  type: 'AWS::SQS::Queue',
  message: 'is no number',
  ...change,
});

test('a finding that no exception names is told', () => {
  const told = finding({});
  expect(unexplained([told, finding({ ruleId: 'I1022' })])).toEqual([told]);
});

test('an exception explains what it is for, and nothing else', () => {
  const doubled = finding({ ruleId: 'W3005', type: 'AWS::Lambda::Function' });
  expect(unexplained([doubled])).toEqual([]);
  expect(unexplained([{ ...doubled, type: 'AWS::SQS::Queue' }])).toHaveLength(1);
  const account = finding({ ruleId: 'W9013' });
  expect(unexplained([account, { ...account, form: 'a new database in a given network, with a key' }])).toEqual([
    account,
  ]);
});

test('a property that would replace what holds data, and that no list knows, is told', () => {
  const replacing = (type: string, property: string) =>
    finding({ ruleId: 'I9001', type, message: `Property '${property}' is create-only; updating it will cause …` });
  const unknown = replacing('AWS::SQS::Queue', 'Colour');
  const known = [replacing('AWS::SQS::Queue', 'QueueName'), replacing('AWS::Lambda::Permission', 'Action')];
  expect(unexplained([unknown, ...known])).toEqual([unknown]);
});

test('an exception that explains nothing any more is told', () => {
  const [first] = EXCEPTIONS;
  expect(outlived([finding({ ruleId: first?.ruleId ?? '', type: 'AWS::Lambda::Function' })])).toEqual(
    EXCEPTIONS.slice(1),
  );
});
