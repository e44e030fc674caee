import { type AnyNode, type Expression, parse } from 'acorn';
import { stripTypes } from './strip.ts';
import { partsOf } from './syntax-tree.ts';

/** What a name of a module stands for. Plain: nothing of it can change. */
type Held = 'plain' | 'function' | 'data' | 'pattern';

/**
 * Whether what a snippet gives for a row cannot depend on the rows before: its module holds nothing that it could change. All globals are
 * frozen, so only what stands at its top counts. Says no too often rather than too rarely.
 */
export function keepsNothing(source: string): boolean {
  const stripped = stripTypes(source, 'module');
  if (!stripped.ok) return false;
  const program = parse(stripped.code, { ecmaVersion: 'latest', sourceType: 'module' });
  const names = new Map<string, Held>();
  for (const statement of program.body) {
    if (statement.type === 'FunctionDeclaration') names.set(statement.id.name, 'function');
    else if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      if (declaration.type === 'FunctionDeclaration') names.set(declaration.id?.name ?? '', 'function');
      else if (declaration.type === 'ClassDeclaration' || heldBy(declaration) !== 'function') return false;
    } else if (statement.type === 'VariableDeclaration' && statement.kind === 'const') {
      for (const { id, init } of statement.declarations) {
        const held = init ? heldBy(init) : null;
        if (id.type !== 'Identifier' || held === null) return false;
        names.set(id.name, held);
      }
    } else if (statement.type !== 'EmptyStatement') return false;
  }
  return isHarmless(program, [], names);
}

function heldBy(init: AnyNode): Held | null {
  switch (init.type) {
    case 'Literal':
      if (!('regex' in init) || !init.regex) return 'plain';
      return /[gy]/.test(init.regex.flags) ? null : 'pattern';
    case 'UnaryExpression':
      return heldBy(init.argument) === 'plain' ? 'plain' : null;
    case 'TemplateLiteral':
      return init.expressions.length === 0 ? 'plain' : null;
    case 'ArrowFunctionExpression':
      return 'function';
    case 'FunctionExpression':
      // A name of its own would be another way to it.
      return init.id ? null : 'function';
    case 'ArrayExpression':
      return init.elements.every((each) => each && isPlain(each)) ? 'data' : null;
    case 'ObjectExpression':
      return init.properties.every((each) => each.type === 'Property' && !each.computed && isPlain(each.value)) ? 'data' : null;
    default:
      return null;
  }
}

function isPlain(node: Expression | AnyNode): boolean {
  return heldBy(node) === 'plain';
}

/** Whether all names of the module are used only as what they are. `above`: the nodes that this one is within, the nearest last. */
function isHarmless(node: AnyNode, above: readonly AnyNode[], names: ReadonlyMap<string, Held>): boolean {
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
