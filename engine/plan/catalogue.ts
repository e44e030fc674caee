import type { ConnectionDefinition } from '@millrace/kit/connection';
import type { Field } from '@millrace/kit/fields';
import { categories, type NodeDefinition, type NodeKind, type Port } from '@millrace/kit/node';
import { defaultsOf, type Params } from '@millrace/kit/params';
import type { Json } from '../../model/values/types.ts';
import type { ConnectionManifest, FieldManifest, NodeManifest, PortManifest } from '../protocol/messages.ts';

const kinds: readonly NodeKind[] = ['source', 'transform', 'sink'];

/** The node types that a pipeline may use. */
export class Catalogue {
  readonly #definitions: ReadonlyMap<string, NodeDefinition>;

  readonly #connections: ReadonlyMap<string, ConnectionDefinition>;

  /** Throws if two definitions have the same type. */
  constructor(definitions: readonly NodeDefinition[], connections: readonly ConnectionDefinition[] = []) {
    this.#connections = new Map(connections.map((definition) => [definition.type, definition]));
    this.#definitions = new Map(definitions.map((definition) => [definition.type, definition]));
    if (this.#definitions.size !== definitions.length) throw new Error('Two nodes of the catalogue have the same type');
  }

  get(type: string): NodeDefinition | undefined {
    return this.#definitions.get(type);
  }

  connection(type: string): ConnectionDefinition | undefined {
    return this.#connections.get(type);
  }

  connectionTypes(): string[] {
    return [...this.#connections.keys()];
  }

  /** The types of connections as data, by their titles. */
  connectionManifests(): ConnectionManifest[] {
    return [...this.#connections.values()]
      .map(({ type, title, summary, icon, version, docs, params, entries }) => ({
        type,
        title,
        summary,
        icon,
        version,
        docs,
        params: fieldManifests(params),
        defaults: defaultsOf(params),
        listsEntries: entries !== undefined,
      }))
      .sort((a, b) => a.title.localeCompare(b.title, 'en'));
  }

  all(): readonly NodeDefinition[] {
    return [...this.#definitions.values()];
  }

  types(): string[] {
    return [...this.#definitions.values()].flatMap(({ type, hidden }) => (hidden ? [] : [type]));
  }

  find(test: (definition: NodeDefinition) => boolean): NodeDefinition | undefined {
    return [...this.#definitions.values()].find(test);
  }

  /**
   * The definitions that people may choose from, as data: by category, then in the order in which rows flow (sources, transforms, sinks),
   * then by title.
   */
  manifests(): NodeManifest[] {
    return [...this.#definitions.values()]
      .filter(({ hidden }) => !hidden)
      .sort(
        (a, b) =>
          categories.indexOf(a.category) - categories.indexOf(b.category) ||
          kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
          a.title.localeCompare(b.title, 'en'),
      )
      .map(manifestOf);
  }
}

export function inputsOf(definition: NodeDefinition): readonly Port[] {
  return definition.kind === 'source' ? [] : definition.inputs;
}

export function outputsOf(definition: NodeDefinition): readonly Port[] {
  return definition.kind === 'sink' ? [] : definition.outputs;
}

/** Whether a source with these params ends by itself. */
export function isBounded(definition: NodeDefinition, params: Params): boolean {
  if (definition.kind !== 'source') return true;
  return typeof definition.bounded === 'function' ? definition.bounded(params) : definition.bounded;
}

/** Whether an output port with these params gives no rows. */
export function isAbsent({ absentWhen }: Port, params: Params): boolean {
  return absentWhen?.is.some((value) => value === (params[absentWhen.param] ?? null)) ?? false;
}

/** The label of a port for users: `Rows`. */
export function portLabel({ name, label }: Port): string {
  return label ?? name.slice(0, 1).toUpperCase() + name.slice(1);
}

export function portManifest(port: Port): PortManifest {
  const { name, many = false, optional = false, late, absentWhen } = port;
  return { name, label: portLabel(port), many, optional, ...(late && { late }), ...(absentWhen && { absentWhen }) };
}

function manifestOf(definition: NodeDefinition): NodeManifest {
  const { type, kind, title, summary, category, icon, version, docs } = definition;
  return {
    type,
    kind,
    title,
    summary,
    category,
    icon,
    version,
    keywords: definition.keywords ?? [],
    docs,
    inputs: inputsOf(definition).map(portManifest),
    outputs: outputsOf(definition).map(portManifest),
    params: fieldManifests(definition.params),
    defaults: defaultsOf(definition.params),
    bounded: isBounded(definition, defaultsOf(definition.params)),
    ...(definition.forBenchmarks && { forBenchmarks: true }),
    ...(definition.kind === 'source' && definition.scans && { scans: true }),
    ...(definition.kind === 'source' && definition.opens && { opens: definition.opens.extensions }),
    ...(definition.kind === 'source' && definition.address && { listens: true }),
    examples: definition.examples.map((example) => ({ title: example.title, params: example.params as { [name: string]: Json } })),
  };
}

function fieldManifests(fields: { readonly [name: string]: Field }): { [name: string]: FieldManifest } {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldManifest(field)]));
}

function fieldManifest(field: Field): FieldManifest {
  if (field.kind === 'list') return { ...(field as FieldManifest), item: fieldManifests(field.item) };
  if (field.kind !== 'keyValue') return field as FieldManifest;
  const { options, ...rest } = field;
  return options ? { ...rest, values: options } : rest;
}
