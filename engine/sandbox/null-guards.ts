/**
 * JavaScript converts null silently (`null * 3` is 0, `null < 5` is true, `${null}` is a text). So every operator, template and call of
 * that kind that may meet a null becomes a call of a small function. It is made anew for each place, so that the compiler sees the types of
 * that place alone, and inlines it. In expressions, where null gives null, nested operators share one.
 */
import type {
  AnyNode,
  AssignmentExpression,
  AssignmentProperty,
  BinaryExpression,
  CallExpression,
  ConditionalExpression,
  Expression,
  LogicalExpression,
  MemberExpression,
  Property,
  TemplateLiteral,
  UnaryExpression,
  UpdateExpression,
} from 'acorn';
import { parse, parseExpressionAt } from 'acorn';
import { nonNull } from '../../model/code/code-facts.ts';
import { isCoercing, isGuardedName, mathArity, textMethods } from '../../model/code/null-coercion.ts';
import type { NullPart } from '../../model/code/null-fix.ts';
import { itemAt } from '../../model/faults/missing.ts';
import { type AboutCode, mayBeUnknown, mayBeUnknownTruth, neverNull } from './null-syntax.ts';
import { PlacedText, type TextPlace } from './placed-text.ts';
import type { CodeKind } from './shape.ts';
import { partsOf } from './syntax-tree.ts';

/** A place that was guarded. */
export interface NullSite {
  readonly guard: GuardKind;
  /** The operator, or the name of the method; for a formula, JavaScript over `v0`, `v1` and so on. */
  readonly operator: string;
  readonly operands: readonly Operand[];
  /** The text of the whole. */
  readonly text: string;
  /** The fixed parts of a template. */
  readonly quasis?: readonly string[];
}
export interface Operand extends NullPart {
  readonly text: string;
  /** It may be null. */
  readonly checked: boolean;
  /** For an assignment: what is added to its target; null if no other value can be written in its place. */
  readonly added?: NullPart | null;
}
export type GuardKind = 'binary' | 'unary' | 'not' | 'template' | 'method' | 'math' | 'formula' | 'value' | 'key' | 'name' | 'second' | 'either';

export interface GuardedCode {
  readonly code: string;
  /** Parameters of the function around the code: the guards of `sites`, in order, then a variable. */
  readonly parameters: readonly string[];
  readonly sites: readonly NullSite[];
  /** Names of JavaScript's own objects that the code uses and that convert null. */
  readonly globals: readonly string[];
  /** The position in the given code of a character of `code`. 1-based. */
  originalPlace(place: TextPlace): TextPlace;
}

/** Beyond this number, places of one kind share a guard, which then cannot say which of them it was. */
const mostSites = 1000;
/** Operands and results within one formula. */
const mostInFormula = 24;

/** Guards JavaScript as returned by stripTypes. */
export function guardNulls(code: string, kind: CodeKind): GuardedCode {
  return new Guards(code, kind).guarded();
}

class Guards {
  readonly #text: PlacedText;
  readonly #code: string;
  readonly #kind: CodeKind;
  readonly #isExpression: boolean;
  readonly #prefix: string;
  readonly #variable: string;
  readonly #sites: NullSite[] = [];
  readonly #shared = new Map<string, number>();
  /** Names of JavaScript's objects that the code uses only as `Math.`, so that it declares no variable of that name. */
  readonly #plain: ReadonlySet<string>;
  readonly #globals = new Set<string>();
  #about: AboutCode;

  constructor(code: string, kind: CodeKind) {
    this.#code = code;
    this.#kind = kind;
    this.#isExpression = kind === 'expression';
    this.#about = { isExpression: this.#isExpression, known: new Set() };
    this.#text = new PlacedText(code);
    let prefix = '$null';
    while (code.includes(prefix)) prefix += '$';
    this.#prefix = prefix;
    this.#variable = `${prefix}is`;
    this.#plain = new Set(['Math', 'Number'].filter((name) => hasMembersOnly(code, name)));
  }

  guarded(): GuardedCode {
    const options = { ecmaVersion: 'latest', sourceType: 'module', preserveParens: true } as const;
    const tree = this.#kind === 'expression' ? parseExpressionAt(this.#code, 0, options) : parse(this.#code, options);
    this.#text.copy(0, tree.start);
    this.#write(tree);
    this.#text.copy(tree.end, this.#code.length);
    const text = this.#text;
    return {
      code: text.toString(),
      parameters: [...this.#sites.map((_, i) => `${this.#prefix}${i}`), this.#variable],
      sites: this.#sites,
      globals: [...this.#globals],
      originalPlace: (place) => text.originalPlace(place),
    };
  }

  /** `chained`: an optional link before this one may end the chain. */
  #write(node: AnyNode, chained = false): void {
    if (!this.#guarded(node, chained)) this.#parts(node);
  }

  /** Writes a node that is guarded, or whose parts need a treatment of their own; false if it is neither. */
  #guarded(node: AnyNode, chained: boolean): boolean {
    if (this.#isExpression && !chained && this.#formula(node)) return true;
    switch (node.type) {
      case 'BinaryExpression':
        return this.#binary(node);
      case 'UnaryExpression':
        return this.#unary(node);
      case 'LogicalExpression':
        return this.#logical(node);
      case 'ConditionalExpression':
        return this.#conditional(node);
      case 'AssignmentExpression':
        return this.#assignment(node);
      case 'UpdateExpression':
        return this.#update(node);
      case 'TemplateLiteral':
        return this.#template(node);
      case 'TaggedTemplateExpression':
        this.#write(node.tag);
        this.#text.copy(node.tag.end, node.quasi.start);
        this.#parts(node.quasi);
        return true;
      case 'ChainExpression':
        this.#write(node.expression, true);
        return true;
      case 'CallExpression':
        return this.#call(node, chained);
      case 'MemberExpression':
        return this.#member(node, chained);
      case 'Property':
        return this.#property(node);
      case 'Identifier':
        // Number's own members are unchanged: only the function itself converts null to 0.
        if (isGuardedName(node.name) && !(node.name === 'Number' && this.#plain.has('Number'))) this.#globals.add(node.name);
        return false;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#knowing(null, () => this.#parts(node));
        return true;
      default:
        return false;
    }
  }

  /** The node unchanged, with the guarded parts inside. */
  #parts(node: AnyNode): void {
    let at = node.start;
    for (const part of partsOf(node).sort((a, b) => a.start - b.start)) {
      this.#text.copy(at, part.start);
      this.#write(part);
      at = part.end;
    }
    this.#text.copy(at, node.end);
  }

  /** `a * b` becomes `guard(a , b)`. */
  #binary(node: BinaryExpression): boolean {
    if (!isCoercing(node.operator) || node.left.type === 'PrivateIdentifier') return false;
    const { left } = node;
    const right = this.#operand(node.right);
    // Only an object's property named "null" would be missed.
    const operands = [this.#operand(left), node.operator === 'in' ? { ...right, checked: false } : right];
    if (!operands.some(({ checked }) => checked)) return false;
    const at = this.#code.indexOf(node.operator, left.end);
    this.#text.put(` ${this.#site({ guard: 'binary', operator: node.operator, operands, text: this.#shown(node) })}(`);
    this.#write(left);
    this.#text.copy(left.end, at);
    this.#text.put(',');
    this.#text.copy(at + node.operator.length, node.right.start);
    this.#write(node.right);
    this.#text.put(')');
    return true;
  }

  #unary({ operator, argument, start, end }: UnaryExpression): boolean {
    const negates = operator === '!' && this.#isExpression && mayBeUnknown(argument, this.#about);
    const coerces = ['-', '+', '~'].includes(operator) && !this.#neverNull(argument);
    if (!negates && !coerces) return false;
    const guard = negates ? 'not' : 'unary';
    this.#text.put(` ${this.#site({ guard, operator, operands: [this.#operand(argument)], text: this.#shown({ start, end }) })}(`);
    this.#write(argument);
    this.#text.put(')');
    return true;
  }

  #template(node: TemplateLiteral): boolean {
    const operands = node.expressions.map((each) => this.#operand(each, true));
    if (!operands.some(({ checked }) => checked)) return false;
    const quasis = node.quasis.map(({ value }) => value.cooked ?? value.raw);
    this.#text.put(` ${this.#site({ guard: 'template', operator: '`', operands, text: this.#shown(node), quasis })}`);
    return false;
  }

  /** Unknown or false is unknown. The right side is evaluated only if the left one says that a column has a value. */
  #logical(node: LogicalExpression): boolean {
    const right = () => this.#write(node.right);
    const facts = node.operator === '??' ? [] : nonNull(node.left, node.operator === '&&');
    if (node.operator !== '||' || !this.#isExpression || !mayBeUnknownTruth(node.left, this.#about)) {
      this.#write(node.left);
      this.#text.copy(node.left.end, node.right.start);
      this.#knowing(facts, right);
      return true;
    }
    const either = this.#site({ guard: 'either', operator: '||', operands: [], text: this.#shown(node) });
    // Begins with a character that cannot continue a previous line.
    this.#text.put(` !1||(${this.#variable}=(`);
    this.#write(node.left);
    this.#text.put('))');
    this.#text.copy(node.left.end, node.right.start);
    this.#text.put(`${either}(${this.#variable},`);
    this.#knowing(facts, right);
    this.#text.put(')');
    return true;
  }

  /** A choice by an unknown condition is unknown. */
  #conditional({ test, consequent, alternate }: ConditionalExpression): boolean {
    const unknown = this.#isExpression && mayBeUnknown(test, this.#about);
    if (unknown) this.#text.put(` null==(${this.#variable}=(`);
    this.#write(test);
    if (unknown) this.#text.put(`))?null:${this.#variable}`);
    this.#text.copy(test.end, consequent.start);
    this.#knowing(nonNull(test, true), () => this.#write(consequent));
    this.#text.copy(consequent.end, alternate.start);
    this.#knowing(nonNull(test, false), () => this.#write(alternate));
    return true;
  }

  /** `a.b += c` becomes `a.b = guard(a.b, c)`, if reading `a.b` twice changes nothing. */
  #assignment(node: AssignmentExpression): boolean {
    const operator = node.operator.slice(0, -1);
    if (!isCoercing(operator)) return false;
    const value = this.#operand(node.right, true);
    const target = { ...this.#operand(node.left), added: value };
    const text = this.#shown(node);
    if (isRepeatable(node.left)) {
      this.#write(node.left);
      const guard = this.#site({ guard: 'binary', operator, operands: [target, value], text });
      this.#text.put(` = ${guard}(${this.#code.slice(node.left.start, node.left.end)},`);
    } else {
      if (!value.checked) return false;
      this.#write(node.left);
      this.#text.copy(node.left.end, node.right.start);
      this.#text.put(`${this.#site({ guard: 'value', operator, operands: [value], text })}(`);
    }
    this.#write(node.right);
    this.#text.put(')');
    return true;
  }

  #update(node: UpdateExpression): boolean {
    if (!isRepeatable(node.argument)) return false;
    const operand = { ...this.#operand(node.argument), added: null };
    const value = this.#site({ guard: 'value', operator: node.operator, operands: [operand], text: this.#shown(node) });
    const second = this.#site({ guard: 'second', operator: '', operands: [], text: '' });
    this.#text.put(` ${second}(${value}(${this.#code.slice(node.argument.start, node.argument.end)}),`);
    this.#parts(node);
    this.#text.put(')');
    return true;
  }

  #member(node: MemberExpression, chained: boolean): boolean {
    const { object, property, computed, end } = node;
    this.#write(object, chained);
    this.#text.copy(object.end, property.start);
    if (computed) this.#key(property, this.#isExpression ? 'key' : 'name');
    else this.#write(property);
    this.#text.copy(property.end, end);
    return true;
  }

  #property({ start, key, value, computed, shorthand }: Property | AssignmentProperty): boolean {
    if (!shorthand && !computed) return false;
    if (!shorthand) {
      this.#text.copy(start, key.start);
      this.#key(key, 'name');
      this.#text.copy(key.end, value.start);
    }
    this.#write(value);
    return true;
  }

  #key(key: AnyNode, guard: 'key' | 'name'): void {
    if (this.#neverNull(key)) {
      this.#write(key);
      return;
    }
    this.#text.put(`${this.#site({ guard, operator: '[]', operands: [this.#operand(key, true)], text: this.#shown(key) })}(`);
    this.#write(key);
    this.#text.put(')');
  }

  /** `text.slice(a)` becomes `guard(text, a)`, or within an optional chain `text?.slice(guard(a))`. */
  #call(node: CallExpression, chained: boolean): boolean {
    if (!chained && this.#math(node)) return true;
    const { callee } = node;
    const member = callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier' ? callee : null;
    const name = member?.property.type === 'Identifier' ? member.property.name : '';
    const guarded =
      member !== null &&
      member.object.type !== 'Super' &&
      Object.hasOwn(textMethods, name) &&
      node.arguments.every(({ type }) => type !== 'SpreadElement') &&
      node.arguments.some((each) => !this.#neverNull(each as Expression));
    const operands = node.arguments.map((each) => this.#operand(each, true));
    if (guarded && !chained) {
      this.#text.put(` ${this.#site({ guard: 'method', operator: name, operands, text: this.#shown(node) })}(`);
      this.#write(member.object);
      this.#text.put(',');
    } else {
      this.#write(callee, chained);
      this.#text.copy(callee.end, node.arguments[0]?.start ?? node.end);
    }
    const ofArguments = guarded && chained && textMethods[name] === 'text';
    node.arguments.forEach((each, i) => {
      const operand = itemAt(operands, i);
      const wrapped = ofArguments && operand.checked;
      if (wrapped) this.#text.put(`${this.#site({ guard: 'name', operator: name, operands: [operand], text: this.#shown(node) })}(`);
      this.#write(each);
      if (wrapped) this.#text.put(')');
      this.#text.copy(each.end, node.arguments[i + 1]?.start ?? node.end);
    });
    return true;
  }

  /**
   * `Math.round(a * b) + c` becomes `guard(a, b, c)`, which returns null if one of them is: so no null occurs between the operators, where
   * the compiler would have to allocate numbers. False if there is nothing to guard.
   */
  #formula(node: AnyNode): boolean {
    let room = mostInFormula;
    const leaves: AnyNode[] = [];
    const follow = (part: AnyNode): string => {
      const step = this.#step(part);
      if (step === null || step.operands.length > room) return `v${leaves.push(part) - 1}`;
      room -= step.operands.length;
      return step.apply(step.operands.map(follow));
    };
    if (this.#step(node) === null) return false;
    const operator = follow(node);
    const operands = leaves.map((each) => this.#operand(each));
    if (!operands.some(({ checked }) => checked)) return false;
    this.#text.put(` ${this.#site({ guard: 'formula', operator, operands, text: this.#shown(node) })}(`);
    leaves.forEach((each, i) => {
      if (i > 0) this.#text.put(',');
      this.#write(each);
    });
    this.#text.put(')');
    return true;
  }

  /** Operators that make a number or a text of their operands, and null of null. */
  #step(node: AnyNode): { readonly operands: readonly AnyNode[]; apply(values: readonly string[]): string } | null {
    switch (node.type) {
      case 'ParenthesizedExpression':
        return this.#step(node.expression);
      case 'BinaryExpression':
        if (!isCoercing(node.operator) || node.operator === 'in') return null;
        return { operands: [node.left, node.right], apply: ([left, right]) => `(${left} ${node.operator} ${right})` };
      case 'UnaryExpression':
        return ['-', '+', '~'].includes(node.operator) ? { operands: [node.argument], apply: ([value]) => `(${node.operator} ${value})` } : null;
      case 'CallExpression': {
        const name = this.#mathCall(node);
        return name === null ? null : { operands: node.arguments, apply: (values) => `Math.${name}(${values.join(', ')})` };
      }
      default:
        return null;
    }
  }

  /** The name of a function of Math, if it is called with the number of values that it takes. */
  #mathCall({ callee, arguments: given }: CallExpression): string | null {
    if (!this.#plain.has('Math') || callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return null;
    const { name } = callee.property;
    if (callee.object.type !== 'Identifier' || callee.object.name !== 'Math' || mathArity.get(name) !== given.length) return null;
    return given.some(({ type }) => type === 'SpreadElement') ? null : name;
  }

  /** `Math.max(a, b)` becomes `guard(a, b)`, for which the compiler knows the callee; false if it is not called that way. */
  #math(node: CallExpression): boolean {
    const name = this.#mathCall(node);
    if (name === null) return false;
    const operands = node.arguments.map((each) => this.#operand(each, true));
    const isGuarded = operands.some(({ checked }) => checked);
    if (isGuarded) this.#text.put(` ${this.#site({ guard: 'math', operator: name, operands, text: this.#shown(node) })}(`);
    else this.#text.copy(node.start, itemAt(node.arguments, 0).start);
    node.arguments.forEach((each, i) => {
      this.#write(each);
      this.#text.copy(each.end, node.arguments[i + 1]?.start ?? node.end);
    });
    return true;
  }

  #neverNull(node: AnyNode): boolean {
    return neverNull(node, this.#about);
  }

  #operand(node: AnyNode, alone = false): Operand {
    const { start, end, type } = node;
    const plain = ['Identifier', 'MemberExpression', 'CallExpression', 'ParenthesizedExpression'].includes(type);
    return { text: this.#shown(node), checked: !this.#neverNull(node), start, end, plain, alone };
  }

  #shown(node: { readonly start: number; readonly end: number }): string {
    return this.#code.slice(node.start, node.end).replace(/\s+/g, ' ');
  }

  /** The name of the guard of a place. */
  #site(site: NullSite): string {
    const { guard, operator, operands, quasis } = site;
    if (this.#sites.length < mostSites && guard !== 'second' && guard !== 'either') return `${this.#prefix}${this.#sites.push(site) - 1}`;
    const general: NullSite = { ...site, operands: operands.map((operand) => ({ ...operand, text: '' })), text: '' };
    const key = JSON.stringify([guard, operator, operands.map(({ checked }) => checked), quasis]);
    const index = this.#shared.get(key) ?? this.#sites.push(general) - 1;
    this.#shared.set(key, index);
    return `${this.#prefix}${index}`;
  }

  /** Handles a part of an expression in which these paths are not null; with null, one about which nothing is known. */
  #knowing(paths: readonly string[] | null, inside: () => void): void {
    const before = this.#about;
    // In a row nothing is undefined; about nested values and variables it is only known that they are not null.
    const columns = (paths ?? []).filter((path) => /^row\.[^.]*$/.test(path));
    if (this.#isExpression && (paths === null || columns.length > 0)) {
      this.#about = { isExpression: true, known: paths === null ? new Set() : new Set([...before.known, ...columns]) };
    }
    inside();
    this.#about = before;
  }
}

function hasMembersOnly(code: string, name: string): boolean {
  return code.includes(name) && !code.includes('\\u') && !new RegExp(`\\b${name}\\b(?!\\s*\\.\\s*\\w)`).test(code);
}

/** A variable, or a member by names and variables only. */
function isRepeatable(node: AnyNode): boolean {
  if (node.type === 'Identifier' || node.type === 'ThisExpression') return true;
  if (node.type === 'Literal') return typeof node.value === 'number' || typeof node.value === 'string';
  return node.type === 'MemberExpression' && node.property.type !== 'PrivateIdentifier' && isRepeatable(node.object) && isRepeatable(node.property);
}
