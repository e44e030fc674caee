import { setParam } from '../../engine/document/edits.ts';
import type { Pipeline } from '../../engine/document/pipeline.ts';
import type { NodeManifest } from '../../engine/protocol/messages.ts';
import type { Json } from '../../model/values/types.ts';

/** Sets the text at a path of a node's params (`script`, `columns.2.expression`). A path that leads nowhere changes nothing. */
export function setText(pipeline: Pipeline, node: string, manifest: Pick<NodeManifest, 'defaults'>, path: string, text: string): Pipeline {
  const [name = '', ...rest] = path.split('.');
  const value = pipeline.nodes[node]?.params[name] ?? manifest.defaults[name] ?? null;
  return setParam(pipeline, node, name, setAt(value, rest, text), manifest.defaults[name]);
}

function setAt(value: Json, path: readonly string[], text: string): Json {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === step ? setAt(item, rest, text) : item));
  if (typeof value !== 'object' || value === null) return value;
  const record = value as { readonly [key: string]: Json };
  return { ...record, [step]: setAt(record[step] ?? null, rest, text) };
}
