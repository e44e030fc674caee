import type { Field, Fields } from '@millrace/kit/fields';
import type { Problem } from '../../model/problems/problem.ts';
import { didYouMean } from '../../model/text/closest.ts';
import { nameList } from '../../model/text/name-list.ts';
import { exactNumber } from '../../model/values/exact-number.ts';
import type { Json } from '../../model/values/types.ts';
import { castValue } from '../../model/values/values.ts';
import type { Parameter } from '../document/pipeline.ts';

export type ParameterValues = { readonly [name: string]: string | number | boolean };
type Params = { readonly [name: string]: Json };

/** The parameters' values for a run: those given (also as text), otherwise their defaults. */
export function parameterValues(
  parameters: { readonly [name: string]: Parameter },
  given: ParameterValues,
): { readonly values: ParameterValues; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const values: Record<string, string | number | boolean> = {};
  const take = (name: string, type: Parameter['type'], value: string | number | boolean, hint: string) => {
    const read = readAs(type, value);
    if (read.ok) values[name] = read.value;
    else problems.push({ code: 'parameters/kind', severity: 'error', message: `Parameter "${name}" ${read.message}`, hint: `${read.hint}${hint}` });
  };
  for (const [name, { type, default: value }] of Object.entries(parameters)) {
    values[name] = value;
    if (!Object.hasOwn(given, name)) take(name, type, value, `Give another default for "${name}".`);
  }
  for (const [name, value] of Object.entries(given)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter) {
      take(name, parameter.type, value, `Give another value for "${name}".`);
      continue;
    }
    const names = Object.keys(parameters);
    const hint = names.length > 0 ? `Its parameters are ${nameList(names)}.` : 'It has no parameters.';
    problems.push({ code: 'parameters/unknown', severity: 'error', message: `The pipeline has no parameter "${name}"${didYouMean(name, names)}`, hint });
  }
  return { values, problems };
}

type Read = { readonly ok: true; readonly value: string | number | boolean } | { readonly ok: false; readonly message: string; readonly hint: string };

/** A parameter's value by its type. `message` continues the parameter's name. */
function readAs(type: Parameter['type'], value: string | number | boolean): Read {
  const exact = type === 'number' && typeof value === 'string' ? exactNumber(value) : null;
  if (exact?.ok) return exact;
  if (exact && exact.why !== 'is not a number') return { ok: false, message: `cannot be ${value}, which ${exact.why}`, hint: `${exact.hint} ` };
  const cast = castValue(value, type === 'text' ? 'string' : type);
  if (!exact && cast.ok && cast.value !== null) return { ok: true, value: cast.value as string | number | boolean };
  return { ok: false, message: `must be ${type === 'boolean' ? 'true or false' : `a ${type}`}, but is ${JSON.stringify(value)}`, hint: '' };
}

export interface SubstitutionReport {
  /** Called with the path of a param and the name of a parameter that does not exist. */
  unknown(path: string, name: string): void;
  /** Whether this much text (UTF-16 units) may be substituted for a parameter. If not, the param at the path stays as it is written. */
  hasRoom(path: string, units: number): boolean;
}

/**
 * Replaces `${name}` in the text params of a node; `$${` stands for `${` itself. Code, expressions and names of columns are not changed, since
 * `${` has a meaning of its own there. Takes time proportional to the size of the result.
 */
export function substitute(fields: Fields, params: Params, values: ParameterValues, found: SubstitutionReport): Params {
  const inFields = (fields: Fields, params: Params, path: string): Params =>
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
        return [name, field ? inField(field, value, path === '' ? name : `${path}.${name}`) : value];
      }),
    );
  const inField = (field: Field, value: Json, path: string): Json => {
    switch (field.kind) {
      case 'text':
      case 'file':
      case 'sql':
      case 'connection':
        return inText(value, path);
      case 'keyValue':
        return inTexts(value, path);
      case 'condition':
        return inOperands(value, path);
      case 'list':
        return Array.isArray(value) ? value.map((item: Json, i) => (isObject(item) ? inFields(field.item, item, `${path}.${i}`) : item)) : value;
      default:
        return value;
    }
  };
  /** Every text inside, at any depth. */
  const inTexts = (value: Json, path: string): Json => {
    if (Array.isArray(value)) return value.map((item: Json, i) => inTexts(item, `${path}.${i}`));
    return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inTexts(item, `${path}.${key}`)])) : inText(value, path);
  };
  /** Of a condition, what columns are compared with: their names are names here as in all other fields. */
  const inOperands = (condition: Json, path: string): Json => {
    if (!isObject(condition) || !Array.isArray(condition['rules'])) return condition;
    const rules = condition['rules'].map((rule: Json, i) =>
      isObject(rule) && 'value' in rule ? { ...rule, value: inText(rule['value'], `${path}.rules.${i}.value`) } : rule,
    );
    return { ...condition, rules };
  };
  const inText = (value: Json, path: string): Json => {
    if (typeof value !== 'string' || !value.includes('${')) return value;
    // Only up to the last brace: what is open after it is text, and is not searched to its end repeatedly.
    const end = value.lastIndexOf('}') + 1;
    const replaced = value.slice(0, end).replace(/\$(\$\{)|\$\{([^}]*)\}/g, (written, escaped: string | undefined, name: string) => {
      if (escaped) return escaped;
      if (!Object.hasOwn(values, name)) found.unknown(path, name);
      else {
        const text = String(values[name]);
        if (found.hasRoom(path, text.length)) return text;
      }
      return written;
    });
    return replaced + value.slice(end).replaceAll('$${', '${');
  };
  return inFields(fields, params, '');
}

function isObject(value: Json): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
