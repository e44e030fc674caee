import { type AnyNode, parse } from 'acorn';
import { stripTypes } from './strip.ts';
import { partsOf } from './syntax-tree.ts';

/**
 * What a name of a module stands for. Plain: nothing of it can change. Data: an object or a list of plain values. Nested: one that holds
 * others, which the code may only hand over as its export (`initial`, of which the engine gives each key a copy).
 */
type Held = 'plain' | 'function' | 'data' | 'nested' | 'pattern';
type Names = ReadonlyMap<string, Held>;

/**
 * Whether what a snippet or a keyed module gives for a row cannot depend on the rows before, other than by the state of its key: its module
 * holds nothing that it could change. All globals are frozen, so only what stands at its top counts. Says no too often rather than too rarely.
 */
export function keepsNothing(source: string, kind: 'module' | 'keyed'): boolean {
  const stripped = stripTypes(source, kind);
  if (!stripped.ok) return false;
  const program = parse(stripped.code, { ecmaVersion: 'latest', sourceType: 'module' });
  const names = new Map<string, Held>();
  for (const each of program.body) {
    const statement = each.type === 'ExportNamedDeclaration' ? each.declaration : each;
    // Types leave an empty `export {}`.
    if (!statement) continue;
    if (statement.type === 'FunctionDeclaration') names.set(statement.id.name, 'function');
    else if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      if (declaration.type === 'FunctionDeclaration') names.set(declaration.id?.name ?? '', 'function');
      else if (declaration.type === 'ClassDeclaration' || heldBy(declaration, names) !== 'function') return false;
    } else if (statement.type === 'VariableDeclaration' && statement.kind === 'const') {
      for (const { id, init } of statement.declarations) {
        const held = init ? heldBy(init, names) : null;
        if (id.type !== 'Identifier' || held === null) return false;
        names.set(id.name, held);
      }
    } else if (statement.type !== 'EmptyStatement') return false;
  }
  return isHarmless(program, [], names);
}

const plainGlobals = ['undefined', 'NaN', 'Infinity'];

function heldBy(init: AnyNode, names: Names): Held | null {
  switch (init.type) {
    case 'Literal':
      if (!('regex' in init) || !init.regex) return 'plain';
      return /[gy]/.test(init.regex.flags) ? null : 'pattern';
    case 'Identifier':
      return names.get(init.name) === 'plain' || (plainGlobals.includes(init.name) && !names.has(init.name)) ? 'plain' : null;
    case 'UnaryExpression':
      return heldBy(init.argument, names) === 'plain' ? 'plain' : null;
    case 'BinaryExpression':
      return heldBy(init.left, names) === 'plain' && heldBy(init.right, names) === 'plain' ? 'plain' : null;
    case 'TemplateLiteral':
      return init.expressions.length === 0 ? 'plain' : null;
    case 'ArrowFunctionExpression':
      return 'function';
    case 'FunctionExpression':
      // A name of its own would be another way to it.
      return init.id ? null : 'function';
    case 'ArrayExpression':
      return dataOf(init.elements, names);
    case 'ObjectExpression':
      return dataOf(
        init.properties.map((each) => (each.type === 'Property' && !each.computed ? each.value : null)),
        names,
      );
    default:
      return null;
  }
}

function dataOf(values: readonly (AnyNode | null)[], names: Names): Held | null {
  const held = values.map((value) => value && heldBy(value, names));
  if (held.every((each) => each === 'plain')) return 'data';
  return held.every((each) => each === 'plain' || each === 'data' || each === 'nested') ? 'nested' : null;
}

/** Whether all names of the module are used only as what they are. `above`: the nodes that this one is within, the nearest last. */
function isHarmless(node: AnyNode, above: readonly AnyNode[], names: Names): boolean {
  if (node.type === 'Identifier') {
    const held = names.get(node.name);
    if (held !== undefined && !isHarmlessUse(node, held, above)) return false;
  }
  const path = [...above.slice(-2), node];
  return partsOf(node).every((part) => isHarmless(part, path, names));
}

function isHarmlessUse(name: AnyNode, held: Held, above: readonly AnyNode[]): boolean {
  const parent = above.at(-1);
  const outer = above.at(-2);
  if (!parent || held === 'plain') return true;
  switch (parent.type) {
    case 'FunctionDeclaration':
    case 'ExportDefaultDeclaration':
      return true;
    case 'VariableDeclarator':
      return parent.id === name && outer?.type === 'VariableDeclaration';
    case 'Property':
      return parent.key === name && !parent.computed && !parent.shorthand;
    case 'CallExpression':
      if (parent.callee === name) return held === 'function';
      return held === 'pattern' && parent.callee.type === 'MemberExpression';
    case 'MemberExpression':
      if (parent.object !== name) return !parent.computed;
      if (held === 'nested') return false;
      if (outer?.type === 'CallExpression' && outer.callee === parent) return held === 'pattern' && isCalled(parent.property, ['test', 'exec']);
      return !isWritten(parent, outer, above.at(-3));
    default:
      return false;
  }
}

function isCalled(property: AnyNode, methods: readonly string[]): boolean {
  return property.type === 'Identifier' && methods.includes(property.name);
}

/** Where it cannot be told, it is. */
function isWritten(member: AnyNode, outer: AnyNode | undefined, beyond: AnyNode | undefined): boolean {
  switch (outer?.type) {
    case 'AssignmentExpression':
      return outer.left === member;
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'ConditionalExpression':
    case 'ReturnStatement':
    case 'VariableDeclarator':
    case 'TemplateLiteral':
    case 'CallExpression':
    case 'ArrayExpression':
    case 'ArrowFunctionExpression':
      return false;
    case 'Property':
      return outer.value !== member || beyond?.type !== 'ObjectExpression';
    default:
      return true;
  }
}
