import { NotEvaluated } from './not-evaluated.ts';
import type { Series } from './timeline.ts';

/** A parsed expression of metric math. */
export type MathExpression =
  | { kind: 'number'; value: number }
  | { kind: 'operand'; id: string }
  | { kind: 'negated'; of: MathExpression }
  | { kind: 'filled'; of: MathExpression; by: number }
  | { kind: 'operation'; operator: string; left: MathExpression; right: MathExpression };

const OPERATIONS: ReadonlyMap<string, (left: number, right: number) => number> = new Map([
  ['+', (left, right) => left + right],
  ['-', (left, right) => left - right],
  ['*', (left, right) => left * right],
  ['/', (left, right) => left / right],
]);
const LOOSE = new Set(['+', '-']);
const TIGHT = new Set(['*', '/']);

/** Reads `+ - * /`, brackets, numbers, ids of other metrics and `FILL(…, number)`. Throws NotEvaluated for anything else. */
export function parseMath(text: string): MathExpression {
  const tokens = tokensOf(text);
  let at = 0;
  const fail = (): never => {
    throw new NotEvaluated(`the expression ${text}`);
  };
  const takes = (token: string): boolean => {
    if (tokens[at] !== token) return false;
    at += 1;
    return true;
  };
  const expect = (token: string): void => {
    if (!takes(token)) fail();
  };
  const chain = (operators: ReadonlySet<string>, part: () => MathExpression): MathExpression => {
    let left = part();
    for (let operator = tokens[at]; operator !== undefined && operators.has(operator); operator = tokens[at]) {
      at += 1;
      left = { kind: 'operation', operator, left, right: part() };
    }
    return left;
  };
  const sum = (): MathExpression => chain(LOOSE, () => chain(TIGHT, factor));
  const factor = (): MathExpression => {
    if (takes('-')) return { kind: 'negated', of: factor() };
    if (takes('(')) {
      const inner = sum();
      expect(')');
      return inner;
    }
    const token = tokens[at++] ?? fail();
    if (/^[\d.]/.test(token)) return { kind: 'number', value: Number(token) };
    if (!/^\w/.test(token)) return fail();
    if (tokens[at] !== '(') return { kind: 'operand', id: token };
    return token === 'FILL' ? filled() : fail();
  };
  const filled = (): MathExpression => {
    expect('(');
    const of = sum();
    expect(',');
    const sign = takes('-') ? -1 : 1;
    const by = sign * Number(tokens[at++]);
    if (Number.isNaN(by)) fail();
    expect(')');
    return { kind: 'filled', of, by };
  };

  const whole = sum();
  return at === tokens.length ? whole : fail();
}

function tokensOf(text: string): string[] {
  const tokens = text.match(/\d+(?:\.\d+)?|\.\d+|[A-Za-z_]\w*|\S/g);
  return tokens ?? [];
}

/** Ids of the metrics an expression is made from. */
export function operandsOf(expression: MathExpression): string[] {
  switch (expression.kind) {
    case 'number':
      return [];
    case 'operand':
      return [expression.id];
    case 'negated':
    case 'filled':
      return operandsOf(expression.of);
    case 'operation':
      return [...operandsOf(expression.left), ...operandsOf(expression.right)];
  }
}

/** One value for each of `count` periods: none if one of its operands has none, or on a division by zero. */
export function calculate(expression: MathExpression, operands: ReadonlyMap<string, Series>, count: number): Series {
  switch (expression.kind) {
    case 'number':
      return Array.from({ length: count }, () => expression.value);
    case 'operand':
      return operands.get(expression.id) ?? [];
    case 'negated':
      return calculate(expression.of, operands, count).map((value) => (value === undefined ? undefined : -value));
    case 'filled':
      return calculate(expression.of, operands, count).map((value) => value ?? expression.by);
    case 'operation': {
      const left = calculate(expression.left, operands, count);
      const right = calculate(expression.right, operands, count);
      const operation = OPERATIONS.get(expression.operator);
      return left.map((value, index) => {
        const other = right[index];
        if (value === undefined || other === undefined || operation === undefined) return undefined;
        const result = operation(value, other);
        return Number.isFinite(result) ? result : undefined;
      });
    }
  }
}
