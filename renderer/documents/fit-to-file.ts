import { setParam, setPipeline } from '../../engine/document/edits.ts';
import { titleOfFile } from '../../engine/document/file.ts';
import { emptyPipeline } from '../../engine/document/pipeline.ts';
import type { DocumentStore } from '../../engine/document/store.ts';
import type { FieldManifest, NodeManifest, Pipeline } from '../../engine/protocol/messages.ts';
import type { Json } from '../../model/values/types.ts';
import { rebasedPath, storedPath } from './paths.ts';

/** The pipeline as it is saved to a file. */
export interface Fitted {
  readonly pipeline: Pipeline;
  /** The paths that became relative, each as a key: see `alreadyFitted`. */
  readonly paths: readonly string[];
  /** How many relative paths have changed, so that they name the same files from another folder. */
  readonly rebased: number;
}

/** By document, the paths that were made relative once. If one of them is absolute again, the user has undone that and means it. */
const done = new WeakMap<DocumentStore, Set<string>>();

/** Paths of a document that were fitted before; they stay as they are from then on. */
export function alreadyFitted(document: DocumentStore): Set<string> {
  const known = done.get(document) ?? new Set<string>();
  done.set(document, known);
  return known;
}

/**
 * The pipeline adapted to the file at `path`: with the file's name unless a user has named it (`before` is its previous file), with
 * relative paths that name the same files as before, and with relative paths for files in the file's folder or below, so that both can be
 * moved together.
 */
export function fitToFile(
  pipeline: Pipeline,
  path: string,
  before: string | null,
  catalogue: ReadonlyMap<string, NodeManifest>,
  known: ReadonlySet<string>,
): Fitted {
  const isNamed = pipeline.name.trim() !== '' && pipeline.name !== emptyPipeline.name && (before === null || pipeline.name !== titleOfFile(before));
  let fitted = isNamed ? pipeline : setPipeline(pipeline, { name: titleOfFile(path) });
  const paths: string[] = [];
  let rebased = 0;
  for (const [id, node] of Object.entries(pipeline.nodes)) {
    const manifest = catalogue.get(node.type);
    for (const [name, field] of Object.entries(manifest?.params ?? {})) {
      const value = node.params[name];
      if (value === undefined) continue;
      const change = (text: string) => {
        const same = before === null ? text : rebasedPath(text, before, path);
        if (same !== text) {
          rebased += 1;
          return same;
        }
        const relative = storedPath(text, path);
        const key = JSON.stringify([id, name, text]);
        if (relative === text || known.has(key)) return text;
        paths.push(key);
        return relative;
      };
      fitted = setParam(fitted, id, name, withFiles(value, field, change), manifest?.defaults[name]);
    }
  }
  return { pipeline: fitted, paths, rebased };
}

/** A param's value with every path in it changed; items of lists have fields themselves. */
function withFiles(value: Json, field: FieldManifest, change: (path: string) => string): Json {
  if (field.kind === 'file') return typeof value === 'string' ? change(value) : value;
  if (field.kind !== 'list' || !Array.isArray(value)) return value;
  return value.map((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item as { readonly [name: string]: Json }).map(([name, part]): [string, Json] => {
        const inner = field.item?.[name];
        return [name, inner ? withFiles(part, inner, change) : part];
      }),
    );
  });
}
