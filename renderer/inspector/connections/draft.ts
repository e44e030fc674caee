import { setParam } from '../../../engine/document/edits.ts';
import type { Pipeline } from '../../../engine/document/pipeline.ts';
import type { ConnectionManifest, ConnectionsView, NodeManifest, ShownConnection } from '../../../engine/protocol/messages.ts';
import type { Json } from '../../../model/values/types.ts';

/** What the dialog is opened for. */
export interface ConnectionsRequest {
  /** The connection to show first. */
  readonly select?: string;
  /** Begins a new connection of this type. */
  readonly create?: string;
}

/** A connection as the form holds it until it is saved. */
export interface Draft {
  /** Null: it is new. */
  readonly original: string | null;
  readonly name: string;
  readonly type: string;
  readonly params: { readonly [name: string]: Json };
  /** Texts of secrets that were typed, by reference. */
  readonly texts: { readonly [reference: string]: string };
  readonly isEdited: boolean;
}

export function draftOf({ name, type, params }: ShownConnection): Draft {
  return { original: name, name, type, params, texts: {}, isEdited: false };
}

export function newDraft({ type, defaults }: ConnectionManifest, view: ConnectionsView | null, from?: Draft): Draft {
  const taken = new Set(view?.connections.map(({ name }) => name));
  const wanted = from ? from.name : type;
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted} ${number}`;
  return { original: null, name, type, params: { ...defaults, ...from?.params }, texts: {}, isEdited: true };
}

/** What differs from the defaults: a file says no more than it has to. */
export function paramsToSave({ params }: Draft, { defaults }: ConnectionManifest): Draft['params'] {
  return Object.fromEntries(Object.entries(params).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name])));
}

type Catalogue = ReadonlyMap<string, NodeManifest>;

/** The nodes of a pipeline that use a connection, each with the param that names it. */
export function usersOf(name: string, { nodes }: Pipeline, catalogue: Catalogue): { readonly node: string; readonly param: string }[] {
  return Object.entries(nodes).flatMap(([node, { type, params }]) =>
    Object.entries(catalogue.get(type)?.params ?? {}).flatMap(([param, { kind }]) =>
      kind === 'connection' && params[param] === name ? [{ node, param }] : [],
    ),
  );
}

export function renamedIn(pipeline: Pipeline, from: string, to: string, catalogue: Catalogue): Pipeline {
  return usersOf(from, pipeline, catalogue).reduce((next, { node, param }) => setParam(next, node, param, to), pipeline);
}
