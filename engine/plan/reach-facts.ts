/** Where a pipeline sends what, as far as its connections say: trust in a pipeline is bound to it. */
import { own } from '../../model/text/own.ts';
import { type Connections, effectiveConnection } from '../document/connections.ts';
import type { Pipeline } from '../document/pipeline.ts';
import type { Catalogue } from './catalogue.ts';
import { checkConnection, connectionField } from './connections.ts';

/**
 * Equal where the connections of a pipeline lead to the same addresses and send the same secrets there, in every environment; empty for a
 * pipeline that has none.
 */
export function reachFacts({ nodes }: Pick<Pipeline, 'nodes'>, file: Connections, catalogue: Catalogue): string {
  const names = connectionsUsed({ nodes }, file, catalogue);
  if (names.length === 0) return '';
  const environments = [null, ...Object.keys(file.environments).sort()];
  const facts = names.map((name) => [name, distinct(environments.map((environment) => factOf(name, environment, file, catalogue)))]);
  return JSON.stringify(facts);
}

/** The names of the connections that a pipeline uses, or may use, in the order of the alphabet. */
export function connectionsUsed({ nodes }: Pick<Pipeline, 'nodes'>, file: Connections, catalogue: Catalogue): string[] {
  const names = new Set<string>();
  for (const { type, params } of Object.values(nodes)) {
    const definition = catalogue.get(type);
    const field = definition && connectionField(definition);
    const name = field ? own(params, field.name) : undefined;
    if (!field || typeof name !== 'string' || name === '') continue;
    // A parameter may make it any of them.
    const meant = name.includes('${') ? Object.keys(file.connections).filter((each) => file.connections[each]?.type === field.type) : [name];
    for (const each of meant) names.add(each);
  }
  return [...names].sort();
}

function factOf(name: string, environment: string | null, file: Connections, catalogue: Catalogue): string {
  const stored = effectiveConnection(file, name, environment);
  const checked = stored && checkConnection(name, stored, catalogue);
  if (!checked || 'problem' in checked) return '';
  const secrets = checked.planned.secrets.map(({ reference }) => reference);
  return JSON.stringify([checked.planned.type, distinct(checked.reaches), distinct(secrets)]);
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}
