import type { JsonObject } from '../json-object.ts';

/** What a parameter of the query protocol stands for in AWS JSON. */
export type QueryShape =
  | { kind: 'text' | 'integer' | 'flag' }
  /** `Name.1`, or `Name.member.1`, as services differ. */
  | { kind: 'list'; of: QueryShape }
  /** `Name.1.Name` and `Name.1.Value`. */
  | { kind: 'map'; of: QueryShape }
  /** By the parameter's name; `as` where the member is called otherwise. */
  | { kind: 'structure'; members: Readonly<Record<string, QueryMember>> };

type QueryMember = { shape: QueryShape; as?: string };

export const TEXT: QueryShape = { kind: 'text' };
export const INTEGER: QueryShape = { kind: 'integer' };
export const TEXTS: QueryShape = { kind: 'list', of: TEXT };

/** A parameter's name is a path through this: `Entry.1.Id`. */
type Node = { text: string | undefined; below: Map<string, Node> };

/** Parameters that the shape does not know are passed over, as AWS passes over what a newer client sends. */
export function inputOf(parameters: URLSearchParams, shape: QueryShape): JsonObject {
  const root = emptyNode();
  for (const [name, text] of parameters) {
    let node = root;
    for (const step of name.split('.')) {
      const known = node.below.get(step) ?? emptyNode();
      node.below.set(step, known);
      node = known;
    }
    node.text = text;
  }
  return shape.kind === 'structure' ? structure(root, shape.members) : {};
}

function emptyNode(): Node {
  return { text: undefined, below: new Map() };
}

function structure(node: Node, members: Readonly<Record<string, QueryMember>>): JsonObject {
  const known = Object.entries(members).flatMap(([parameter, { shape, as = parameter }]) => {
    const below = node.below.get(parameter);
    const value = below === undefined ? undefined : read(below, shape);
    return value === undefined ? [] : [[as, value] as const];
  });
  return Object.fromEntries(known);
}

function read(node: Node, shape: QueryShape): unknown {
  switch (shape.kind) {
    case 'text':
      return node.text;
    case 'integer':
      // What is no integer goes on as it is: the service refuses it in its own words.
      return node.text !== undefined && /^[+-]?\d+$/.test(node.text) ? Number(node.text) : node.text;
    case 'flag':
      return node.text === undefined ? undefined : node.text === 'true';
    case 'list':
      return items(node).map((item) => read(item, shape.of));
    case 'map':
      return Object.fromEntries(items(node).map((item) => pairOf(item, shape.of)));
    case 'structure':
      return structure(node, shape.members);
  }
}

/** In the order of their numbers, whatever order they came in. */
function items({ below }: Node): Node[] {
  const numbered = below.get('member')?.below ?? below;
  return [...numbered].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
}

function pairOf({ below }: Node, of: QueryShape): [name: string, value: unknown] {
  const value = below.get('Value');
  return [below.get('Name')?.text ?? '', value === undefined ? undefined : read(value, of)];
}
