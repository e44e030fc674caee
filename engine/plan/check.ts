/**
 * Checks a pipeline without running it: its graph, its params, and the schema of every port. Pure: what must be looked up in the outside
 * world is an argument (`discovered`).
 */
import type { Field } from '@millrace/kit/fields';
import type { CodeAnalysis, Discovery, InferContext, Inference, NodeDefinition, NodeProblem } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import { type ParamInputs, type Params, validateParams } from '@millrace/kit/params';
import { missing } from '../../model/faults/missing.ts';
import { didYouMean } from '../../model/text/closest.ts';
import type { Schema } from '../../model/values/types.ts';
import { inFileOrder } from '../document/file.ts';
import { type Edge, type ErrorPolicy, edgeId, errorPort, type NodeId, type Pipeline, type PipelineNode } from '../document/pipeline.ts';
import type { CheckResult, NodeCheck } from '../protocol/messages.ts';
import { type Catalogue, inputsOf, isAbsent, isBounded, outputsOf, portLabel, portManifest } from './catalogue.ts';
import { checkEdges, checkShape, firstPorts, scopeOfRun } from './check-edges.ts';
import { CheckBudget, tooManyNodes, tooMuchText } from './check-limits.ts';
import { checkOutputs } from './check-outputs.ts';
import type { CheckedNode, CheckedPipeline } from './checked.ts';
import { connectionField, findConnection, type KnownConnections, missingSecrets, nothingKnown, secretsIn } from './connections.ts';
import { errorSchema } from './error-schema.ts';
import { errorsFile } from './errors-table.ts';
import { inheritEventTime } from './event-time.ts';
import { type Finding, Findings } from './findings.ts';
import { Graph } from './graph.ts';
import { lower } from './lower.ts';
import { migrateParams } from './migrate.ts';
import { type ParameterValues, parameterValues, substitute } from './parameters.ts';
import { orderSources } from './sources.ts';
import { touchesOf } from './touches.ts';
import { checkWatermarks } from './watermarks.ts';
import { waysOut } from './ways-out.ts';

export interface CheckOptions {
  readonly catalogue: Catalogue;
  /** What a source's `discover` found, or null while that is unknown. */
  readonly discovered: (node: NodeId) => Discovery | null;
  readonly analyse: CodeAnalysis;
  /** What there is beside the pipeline; nothing if it is left out. */
  readonly connections?: KnownConnections | undefined;
  /** It is to run: a secret that is not there is an error. */
  readonly needsSecrets?: boolean | undefined;
  /** The name of the pipeline's file, without its folder; absent or null if it has none yet. */
  readonly file?: string | null;
  /** Values for the pipeline's parameters that differ from the defaults. Text is cast. */
  readonly parameters?: ParameterValues | undefined;
  /** Called before each node is checked. */
  readonly onNode?: ((node: NodeId) => void) | undefined;
}

/** Takes limited time and memory, whatever the pipeline: see check-limits.ts. */
export function checkPipeline(given: Pipeline, options: CheckOptions): CheckedPipeline {
  const findings = new Findings();
  const tooMany = tooManyNodes(given);
  if (tooMany) findings.pipeline(tooMany);
  const pipeline = tooMany ? { ...given, nodes: {}, edges: [] } : inFileOrder(given);
  const ends = { definition: (id: NodeId) => options.catalogue.get(pipeline.nodes[id]?.type ?? '') };
  const parameters = parameterValues(pipeline.parameters, options.parameters ?? {});
  for (const problem of parameters.problems) findings.pipeline(problem);

  const edges = checkEdges(pipeline, ends, findings);
  const graph = new Graph(Object.keys(pipeline.nodes), edges);
  const { order, cycles } = graph.sort();
  checkShape(pipeline, graph, cycles, ends, findings);

  const policies = defaultPolicies(graph, ends.definition);
  const nodes = new Map<NodeId, CheckedNode>();
  const budget = new CheckBudget();
  const schemaAt = (edge: Edge): Schema | null => nodes.get(edge.from.node)?.outputs[edge.from.port] ?? null;
  for (const id of order) {
    options.onNode?.(id);
    const node = pipeline.nodes[id] ?? missing(`the node "${id}"`);
    const definition = ends.definition(id);
    if (!definition) {
      const hint = 'It is kept as it is. Install what brings this node, or delete it.';
      findings.node(id, {
        code: 'node/unknown-type',
        severity: 'error',
        message: `There is no node type "${node.type}"${didYouMean(node.type, options.catalogue.types())}`,
        hint,
      });
      continue;
    }
    nodes.set(
      id,
      checkNode({ id, node, definition, onError: node.onError ?? policies(id), graph, schemaAt, parameters: parameters.values, findings, options, budget }),
    );
  }
  checkOrder(nodes, graph, findings);
  checkWatermarks(nodes, graph, findings);
  checkOutputs([...nodes.values()], findings);
  const { leftOut } = scopeOfRun(graph, ends);
  for (const id of leftOut) {
    if (nodes.get(id)?.definition.kind !== 'sink') continue;
    const message = 'A run leaves it out, since its rows come from a node of unknown type';
    findings.node(id, { code: 'pipeline/left-out', severity: 'warning', message, hint: 'Install what brings that node, or feed this one from another.' });
  }

  const found = findings.list;
  const problems = found.map((finding) => finding.problem);
  const errors = errorsFile(pipeline.name, options.file ?? null);
  const touching = Object.entries(pipeline.nodes).map(([id, node]) => nodes.get(id) ?? { id, node, definition: ends.definition(id), valid: false });
  const result: CheckResult = {
    nodes: Object.fromEntries(graph.nodes.map((id) => [id, describe(id, nodes.get(id), policies(id), graph, schemaAt)])),
    problems,
    runnable: obstacles(found, (id) => !leftOut.has(id)).length === 0,
    bounded: [...nodes.values()].every(({ id, definition, params }) => leftOut.has(id) || isBounded(definition, params)),
    ...touchesOf(touching, errors),
  };
  return { result, pipeline, nodes, graph, edges, findings: found, catalogue: options.catalogue, errorsFile: errors };
}

/** The errors that prevent a run of the nodes in `meant`. */
export function obstacles(findings: readonly Finding[], meant: (node: NodeId) => boolean): Finding[] {
  return findings.filter(({ problem, blocks }) => problem.severity === 'error' && (blocks.length === 0 || blocks.some(meant)));
}

interface NodeToCheck {
  readonly id: NodeId;
  readonly node: PipelineNode;
  readonly definition: NodeDefinition;
  readonly onError: ErrorPolicy;
  readonly graph: Graph;
  schemaAt(edge: Edge): Schema | null;
  readonly parameters: ParameterValues;
  readonly findings: Findings;
  readonly options: CheckOptions;
  readonly budget: CheckBudget;
}

function checkNode({ id, node, definition, onError, graph, schemaAt, parameters, findings, options, budget }: NodeToCheck): CheckedNode {
  const inputLists = Object.fromEntries(inputsOf(definition).map(({ name }) => [name, graph.incoming(id, name).map(schemaAt)]));
  const inputs: ParamInputs = Object.fromEntries(inputsOf(definition).map(({ name }) => [name, inputLists[name]?.[0] ?? null]));

  const migrated = migrateParams(definition, node);
  if (!migrated.ok) findings.node(id, migrated.problem);
  const substituted = substitute(definition.params, migrated.ok ? migrated.params : {}, parameters, {
    unknown: (field, name) => {
      const hint = `Add the parameter "${name}" to the pipeline, or write $\${ for a plain \${.`;
      findings.node(id, { code: 'parameters/unknown', severity: 'error', message: `There is no parameter "${name}"`, hint, field });
    },
    hasRoom: (field, units) => {
      if (budget.takeText(units)) return true;
      if (!findings.hasField(id, field)) findings.node(id, { ...tooMuchText, field });
      return false;
    },
  });
  const { params, problems } = validateParams(definition.params, substituted, inputs);
  // If the migration failed, the params are placeholders: reporting what is wrong with them says nothing new.
  for (const problem of migrated.ok ? problems : []) findings.node(id, problem);
  reportAbsent(id, definition, params, graph, findings);
  const known = options.connections ?? nothingKnown;
  const { connection, elsewhere, problems: ofConnection } = findConnection(definition, params, known, options.catalogue);
  for (const problem of ofConnection) findings.node(id, problem);
  const secrets = secretsIn(definition.params, params);
  const severity = options.needsSecrets ? 'error' : 'warning';
  const atConnection = connectionField(definition)?.name ?? '';
  const absent = [
    ...missingSecrets(secrets, known, severity, ({ field }) => field),
    ...missingSecrets(connection?.planned.secrets ?? [], known, severity, () => atConnection),
  ];
  for (const problem of absent) findings.node(id, problem);
  const valid = !findings.hasOwnError(id);

  const discovery = definition.kind === 'source' ? options.discovered(id) : null;
  for (const problem of discovery?.problems ?? []) findings.node(id, problem);
  const discovered = discovery?.schema ?? null;
  const inference = infer(definition, { params, inputs, inputLists, discovered, analyse: options.analyse });
  const { outputs, problems: inferred } = budget.take(inference);
  for (const problem of inferred) reportInferred(id, problem, graph, findings);

  const inferredOutputs = Object.fromEntries(outputsOf(definition).map(({ name }) => [name, outputs[name] ?? null]));
  const firstInput = inputsOf(definition)[0]?.name ?? '';
  const columns = inheritEventTime(inferredOutputs, inputLists[firstInput] ?? []);
  const inputsKnown = definition.kind === 'source' ? discovery !== null : graph.incoming(id).every((edge) => schemaAt(edge) !== null);
  if (inputsKnown && Object.values(columns).includes(null) && !findings.hasError(id)) {
    const message = 'The columns of its output cannot be determined';
    findings.node(id, { code: 'node/unknown-schema', severity: 'error', message, hint: 'Check its params: the output columns must be known before a run.' });
  }
  if (onError === 'route') columns[errorPort] = errorSchema;
  const { detected, readings } = discovery ?? {};
  const ofSource = { ...(detected && { detected }), ...(readings && { readings }) };
  const op = lower(definition, params, inputs);
  return {
    id,
    node,
    definition,
    params,
    op,
    valid,
    connection,
    elsewhere,
    secrets,
    lacksSecrets: absent.length > 0,
    onError,
    inputs,
    inputLists,
    outputs: columns,
    ...ofSource,
  };
}

/** `infer` must not throw. If it does, that is a bug of the node, which must not bring down the editor. */
function infer(definition: NodeDefinition, context: InferContext): Inference {
  try {
    return definition.infer(context);
  } catch (error) {
    const message = `Its columns could not be determined: ${error instanceof Error ? error.message : String(error)}`;
    const hint = `This is a fault in the node "${definition.title}", not in your pipeline: please report it.`;
    return { outputs: {}, problems: [{ code: 'node/infer-failed', severity: 'error', message, hint }] };
  }
}

function reportInferred(id: NodeId, problem: NodeProblem, graph: Graph, findings: Findings): void {
  // Nodes may check their params more closely than validation does; each mistake is reported once.
  if (problem.field !== undefined && findings.hasField(id, problem.field)) return;
  const edges = problem.port === undefined ? [] : graph.incoming(id, problem.port);
  const [edge, ...others] = edges;
  findings.node(id, edge && others.length === 0 ? { ...problem, edge: edgeId(edge) } : problem);
}

/** Edges from outputs that give no rows with these params: probably valid before the params were changed. */
function reportAbsent(id: NodeId, definition: NodeDefinition, params: Params, graph: Graph, findings: Findings): void {
  for (const port of outputsOf(definition)) {
    if (!port.absentWhen || !isAbsent(port, params)) continue;
    const { param } = port.absentWhen;
    const field: Field | undefined = definition.params[param];
    const value = params[param] ?? null;
    const option = field?.kind === 'choice' ? field.options.find((candidate) => candidate.value === value) : undefined;
    const state = value === null ? 'empty' : `"${option?.label ?? value}"`;
    const message = `No row leaves by the output "${portLabel(port)}" while "${field?.label}" is ${state}`;
    const hint = 'Change that, or remove the edge.';
    for (const edge of graph.outgoing(id, port.name)) {
      findings.node(id, { code: 'pipeline/absent-port', severity: 'warning', message, hint, field: param, edge: edgeId(edge) });
    }
  }
}

/** Inputs that wait for the end of rows which never end, or whose rows cannot come first: nodes then hold the others back. */
function checkOrder(nodes: ReadonlyMap<NodeId, CheckedNode>, graph: Graph, findings: Findings): void {
  const sources = [...nodes.values()].filter((checked) => checked.definition.kind === 'source').map((checked) => checked.id);
  /** By node whose rows never end: a source that is the cause. */
  const endless = new Map<NodeId, NodeId>();
  for (const { id, definition, params, op, inputs } of nodes.values()) {
    const traits = op && traitsOf(op);
    const above = graph.incoming(id).flatMap((edge) => endless.get(edge.from.node) ?? []);
    if (!isBounded(definition, params)) endless.set(id, id);
    else if (above[0] !== undefined && !traits?.ends) endless.set(id, above[0]);

    for (const port of inputsOf(definition).filter(({ name }) => traits?.bounded.includes(name) || traits?.first.includes(name))) {
      const source = graph.incoming(id, port.name).flatMap((edge) => endless.get(edge.from.node) ?? [])[0];
      if (source === undefined) continue;
      const message = `It waits for the end of its input "${portLabel(port)}", but "${source}" never ends`;
      findings.node(id, {
        code: 'pipeline/unbounded',
        severity: 'error',
        message,
        hint: waysOut(nodes.get(source) ?? missing(`the node "${source}"`), { definition, params, inputs, port }),
        port: port.name,
      });
    }
  }
  const opOf = (id: NodeId) => nodes.get(id)?.op ?? null;
  const reported = new Set<NodeId>();
  for (const { node, port, source } of orderSources(graph, sources, firstPorts(graph, opOf)).conflicts) {
    if (reported.has(node)) continue;
    reported.add(node);
    const message = `Rows of "${source}" are kept in memory until the input "${port}" has ended, since it feeds both inputs`;
    findings.node(node, {
      code: 'pipeline/read-order',
      severity: 'info',
      message,
      hint: `Should they be too many, add "${source}" a second time and use one copy for "${port}".`,
      port,
    });
  }
}

/** The error policy of nodes for which the pipeline chooses none: what the sources that feed them declare. */
function defaultPolicies(graph: Graph, definition: (id: NodeId) => NodeDefinition | undefined): (id: NodeId) => ErrorPolicy {
  const declaring = (policy: 'skip' | 'keep') => {
    const isSuch = (found: NodeDefinition | undefined) => found?.kind === 'source' && found.onError === policy;
    return graph.downstream(graph.nodes.filter((id) => isSuch(definition(id))));
  };
  const [kept, skipped] = [declaring('keep'), declaring('skip')];
  return (id) => (kept.has(id) ? 'keep' : skipped.has(id) ? 'skip' : 'stop');
}

function describe(id: NodeId, checked: CheckedNode | undefined, defaultPolicy: ErrorPolicy, graph: Graph, schemaAt: (edge: Edge) => Schema | null): NodeCheck {
  if (!checked) {
    const placeholder = (name: string, schema: Schema | null) => ({ ...portManifest({ name, label: name }), schema });
    const inputs = new Map(graph.incoming(id).map((edge) => [edge.to.port, placeholder(edge.to.port, schemaAt(edge))]));
    const outputs = new Map(graph.outgoing(id).map((edge) => [edge.from.port, placeholder(edge.from.port, null)]));
    return { known: false, card: '', defaultPolicy, inputs: [...inputs.values()], outputs: [...outputs.values()] };
  }
  const { definition, params, onError } = checked;
  const outputs = outputsOf(definition).filter((port) => !isAbsent(port, params) || graph.outgoing(id, port.name).length > 0);
  const errors = onError === 'route' ? [{ name: errorPort, label: 'Errors' }] : [];
  return {
    known: true,
    card: card(definition, params),
    defaultPolicy,
    ...(definition.kind === 'source' && definition.address && { address: definition.address(params) }),
    ...(checked.detected && { detected: checked.detected }),
    ...(checked.readings && { readings: checked.readings }),
    inputs: inputsOf(definition).map((port) => ({ ...portManifest(port), schema: checked.inputs[port.name] ?? null })),
    outputs: [...outputs, ...errors].map((port) => ({ ...portManifest(port), schema: checked.outputs[port.name] ?? null })),
  };
}

/** A node's card has room for a few words. */
const longestCard = 500;

/** One line on the canvas, whatever line breaks a node or its code has. Not worth an error. */
function card(definition: NodeDefinition, params: Params): string {
  try {
    const text = definition.card?.(params) ?? '';
    const short = text.length > longestCard ? `${text.slice(0, longestCard)}…` : text;
    return short.replace(/[^\S\r\n]*[\r\n]\s*/g, ' ');
  } catch {
    return '';
  }
}
