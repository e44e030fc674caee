import type { Field } from '@millrace/kit/fields';
import type { NodeDefinition, Port } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import type { Json, Schema } from '../../model/values/types.ts';
import { isBounded } from './catalogue.ts';
import { traitsOfNode } from './lower.ts';

interface Configured {
  readonly definition: NodeDefinition;
  readonly params: Params;
}

/** What to do about an input that waits for the end of rows which never end: only what can be done in one step, in the words of the forms. */
export function waysOut(
  source: Configured & { readonly id: string },
  waiting: Configured & { readonly port: Port; readonly inputs: { readonly [port: string]: Schema | null } },
): string {
  const { definition, port } = waiting;
  const waits = (params: Params) => {
    const traits = traitsOfNode(definition, params, waiting.inputs);
    return traits !== null && (traits.bounded.includes(port.name) || traits.first.includes(port.name));
  };
  const ways = [
    ...changes(definition.params, waiting.params, (params) => !waits(params)),
    ...changes(source.definition.params, source.params, (params) => isBounded(source.definition, params)).map((change) => `${change} of "${source.id}"`),
  ];
  if (ways.length === 0) return 'Feed it from a source that ends, or use a node that does not wait for the end.';
  const text = ways.join(', or ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** The changes of one param each after which `holds` is true: for each param the first value that achieves it. */
function changes(fields: { readonly [name: string]: Field }, params: Params, holds: (params: Params) => boolean): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const found = candidates(field).find(({ value }) => value !== params[name] && holds({ ...params, [name]: value }));
    return found ? [found.words(field.label)] : [];
  });
}

function candidates(field: Field): { readonly value: Json; words(label: string): string }[] {
  if (field.kind === 'choice') return field.options.map(({ value, label }) => ({ value, words: (name) => `set "${name}" to "${label}"` }));
  if (field.kind === 'boolean') return [false, true].map((value) => ({ value, words: (name) => `turn "${name}" ${value ? 'on' : 'off'}` }));
  return field.optional ? [{ value: null, words: (name) => `leave "${name}" empty` }] : [];
}
