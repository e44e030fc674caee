import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  ConnectionMode,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStore,
} from '@xyflow/react';
import { type DragEvent, type FocusEvent, type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { connect, moveNodes } from '../../engine/document/edits.ts';
import type { Edge } from '../../engine/document/pipeline.ts';
import { session, usePipeline, useSession } from '../session/session.ts';
import { enterCanvas } from '../shell/commands/scope.ts';
import './canvas.css';
import './floating.css';
import { whyNot } from '../graph/connect.ts';
import { dragType } from '../graph/drag-type.ts';
import { isFarAway } from '../graph/far.ts';
import { type CardNode, type DataEdge as DataEdgeType, flowEdges, flowNodes, portsOf } from '../graph/flow.ts';
import { insertNode, putIntoEdge } from '../graph/insert.ts';
import { openQuickAdd } from '../graph/quick-add.ts';
import { describeSelection } from '../graph/selection-text.ts';
import { endZoom, setFlow, showDocument, zoomLimits } from '../graph/viewport.ts';
import { CanvasControls } from './CanvasControls.tsx';
import { CanvasMenu, type MenuTarget } from './CanvasMenu.tsx';
import { ConnectionHint, type Refusal, RefusalNote } from './ConnectionHint.tsx';
import { DataEdge } from './DataEdge.tsx';
import { dropOutcome } from './drop-connection.ts';
import { EmptyCanvas } from './EmptyCanvas.tsx';
import { FarTitles } from './FarTitles.tsx';
import { HoverTip } from './HoverTip.tsx';
import { NodeCard } from './NodeCard.tsx';
import { QuickAdd } from './QuickAdd.tsx';

/** Up to this many cards, all are kept on the page; with more, only the visible ones. */
const drawnWhole = 120;
const nodeTypes = { card: NodeCard };
const edgeTypes = { data: DataEdge };
const gridStep: [number, number] = [8, 8];
/** Where a dropped card is held by the pointer: at its icon, as in the palette. */
const dragPoint = { x: 24, y: 26 } as const;
const minimapColors = { source: 'var(--source)', transform: 'var(--transform)', sink: 'var(--sink)', unknown: 'var(--unknown)' } as const;

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow() {
  const pipeline = usePipeline();
  const document_ = useSession((state) => state.document);
  const selection = useSession((state) => state.selection);
  const catalogue = useSession((state) => state.catalogue);
  const showMinimap = useSession((state) => state.settings.minimap);
  const snap = useSession((state) => state.settings.snap);
  const instance = useReactFlow<CardNode, DataEdgeType>();
  const isFar = useStore(isFarAway);
  const [pane, setPane] = useState<HTMLDivElement | null>(null);
  const [nodes, setNodes] = useState<CardNode[]>([]);
  const [menu, setMenu] = useState<MenuTarget | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const forgetRefusal = useCallback(() => setRefusal(null), []);
  const isDragging = useRef(false);
  const dropEdge = useRef<string | null>(null);

  useEffect(() => {
    if (!isDragging.current) setNodes((old) => flowNodes(old, pipeline, selection.nodes, catalogue));
  }, [pipeline, selection.nodes, catalogue]);
  const oldEdges = useRef<DataEdgeType[]>([]);
  const edges = useMemo(() => {
    oldEdges.current = flowEdges(oldEdges.current, pipeline, selection.edges);
    return oldEdges.current;
  }, [pipeline, selection.edges]);

  useEffect(() => {
    setFlow(instance, pane);
    return () => setFlow(null, null);
  }, [instance, pane]);
  // An opened document is brought into view; one that is being built stays where its author put it.
  useEffect(() => {
    if (Object.keys(document_.pipeline.nodes).length === 0) void instance.setViewport({ x: 0, y: 0, zoom: 1 });
    else requestAnimationFrame(() => requestAnimationFrame(showDocument));
  }, [document_, instance]);

  const changeNodes = useCallback((changes: NodeChange<CardNode>[]) => {
    const own = changes.filter((change) => change.type === 'position' || change.type === 'dimensions');
    if (own.length > 0) setNodes((old) => applyNodeChanges(own, old));
    const chosen = changes.filter((change) => change.type === 'select');
    if (chosen.length === 0) return;
    const selected = new Set(session.state.selection.nodes);
    for (const change of chosen) change.selected ? selected.add(change.id) : selected.delete(change.id);
    session.select({ nodes: [...selected], edges: session.state.selection.edges });
  }, []);
  const changeEdges = useCallback((changes: { type: string; id?: string; selected?: boolean }[]) => {
    const selected = new Set(session.state.selection.edges);
    for (const change of changes) {
      if (change.type !== 'select' || !change.id) continue;
      if (change.selected) selected.add(change.id);
      else selected.delete(change.id);
    }
    session.select({ nodes: session.state.selection.nodes, edges: [...selected] });
  }, []);

  const endDrag = useCallback((event: PointerLike, dragged: readonly CardNode[]) => {
    isDragging.current = false;
    const places = Object.fromEntries(dragged.map((node) => [node.id, node.position]));
    const [only] = dragged;
    const into = dragged.length === 1 && only ? insertableEdge(event, only.id) : null;
    markDropEdge(dropEdge, null);
    session.edit(into ? `Insert ${describeSelection()}` : `Move ${dragged.length === 1 ? 'node' : `${dragged.length} nodes`}`, (before) => {
      const moved = moveNodes(before, places);
      const ports = only && portsOf(before, only.id, session.state.catalogue);
      if (!into || !only || !ports?.inputs[0] || !ports.outputs[0]) return moved;
      return putIntoEdge(moved, into, only.id, ports.inputs[0].name, ports.outputs[0].name);
    });
    // An edit without effect does not notify: the dragged cards return to the document's positions.
    setNodes((old) => flowNodes(old, session.state.pipeline, session.state.selection.nodes, session.state.catalogue));
  }, []);
  const drag = useCallback((event: PointerLike, _node: CardNode, dragged: CardNode[]) => {
    const [only] = dragged;
    markDropEdge(dropEdge, dragged.length === 1 && only ? insertableEdge(event, only.id) : null);
  }, []);

  const startDrag = useCallback(() => {
    isDragging.current = true;
  }, []);
  const endNodeDrag = useCallback((event: PointerLike, _node: CardNode, dragged: CardNode[]) => endDrag(event, dragged), [endDrag]);

  const endConnection = useCallback<OnConnectEnd>(
    (event, state) => {
      const point =
        'clientX' in event ? { x: event.clientX, y: event.clientY } : { x: event.changedTouches[0]?.clientX ?? 0, y: event.changedTouches[0]?.clientY ?? 0 };
      const outcome = dropOutcome(state, document.elementFromPoint(point.x, point.y), event.altKey);
      if (outcome?.kind === 'connect') addEdge(outcome.edge, outcome.replace);
      else if (outcome?.kind === 'refuse') setRefusal({ reason: outcome.reason, at: point });
      else if (outcome?.kind === 'add') openQuickAdd({ at: point, place: instance.screenToFlowPosition(point), join: outcome.join });
    },
    [instance],
  );

  const dragOver = useCallback((event: DragEvent) => {
    if (!event.dataTransfer.types.includes(dragType)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    markDropEdge(dropEdge, edgeUnder(event.clientX, event.clientY));
  }, []);
  const dragLeave = useCallback((event: DragEvent<HTMLElement>) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) markDropEdge(dropEdge, null);
  }, []);
  const drop = useCallback(
    (event: DragEvent) => {
      const type = event.dataTransfer.getData(dragType);
      if (!type) return;
      event.preventDefault();
      const at = instance.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      const edge = edgeUnder(event.clientX, event.clientY) ?? undefined;
      markDropEdge(dropEdge, null);
      insertNode(type, { position: { x: at.x - dragPoint.x, y: at.y - dragPoint.y }, edge, still: true });
      pane?.focus({ preventScroll: true });
      enterCanvas();
    },
    [instance, pane],
  );

  const openMenu = useCallback((event: MouseEvent | globalThis.MouseEvent, target: Omit<MenuTarget, 'at'>) => {
    event.preventDefault();
    const { selection: chosen } = session.state;
    if (target.node && !chosen.nodes.includes(target.node)) session.select({ nodes: [target.node] });
    if (target.edge && !chosen.edges.includes(target.edge)) session.select({ edges: [target.edge] });
    setMenu({ ...target, at: { x: event.clientX, y: event.clientY } });
  }, []);
  const menus = useMemo(
    () => ({
      onNodeContextMenu: (event: MouseEvent, node: CardNode) => openMenu(event, { node: node.id }),
      onSelectionContextMenu: (event: MouseEvent) => openMenu(event, {}),
      onEdgeContextMenu: (event: MouseEvent, edge: DataEdgeType) => openMenu(event, { edge: edge.id }),
      onPaneContextMenu: (event: MouseEvent | globalThis.MouseEvent) => openMenu(event, {}),
    }),
    [openMenu],
  );

  return (
    <section
      className="canvas"
      aria-label="Canvas"
      data-far={isFar || undefined}
      onDragEnter={dragOver}
      onDragOver={dragOver}
      onDrop={drop}
      onDragLeave={dragLeave}
    >
      <ReactFlow<CardNode, DataEdgeType>
        ref={setPane}
        tabIndex={0}
        onFocus={selectFocused}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={changeNodes}
        onEdgesChange={changeEdges}
        onConnect={drawEdge}
        isValidConnection={mayConnect}
        onConnectEnd={endConnection}
        onNodeDragStart={startDrag}
        onNodeDrag={drag}
        onNodeDragStop={endNodeDrag}
        onSelectionDragStart={startDrag}
        onSelectionDragStop={endDrag}
        {...menus}
        onNodeClick={clickNode}
        onNodeDoubleClick={showNode}
        onDoubleClick={(event) => {
          if (!(event.target as Element).classList.contains('react-flow__pane')) return;
          openQuickAdd({ at: { x: event.clientX, y: event.clientY }, place: instance.screenToFlowPosition({ x: event.clientX, y: event.clientY }) });
        }}
        connectionMode={ConnectionMode.Strict}
        connectionRadius={22}
        selectionMode={SelectionMode.Partial}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={multiSelectionKeys}
        disableKeyboardA11y
        nodesFocusable
        edgesFocusable
        elevateNodesOnSelect
        zoomOnDoubleClick={false}
        snapToGrid={snap}
        snapGrid={gridStep}
        onlyRenderVisibleElements={nodes.length > drawnWhole}
        minZoom={zoomLimits.least}
        maxZoom={zoomLimits.most}
        onMoveStart={(event) => event && endZoom()}
        nodeDragThreshold={2}
        proOptions={proOptions}
      >
        <Background variant={BackgroundVariant.Dots} gap={isFar ? 96 : 24} size={isFar ? 4 : 1.4} color="var(--dots)" />
        {showMinimap && nodes.length > 0 && (
          <MiniMap<CardNode> pannable zoomable ariaLabel="Minimap" nodeBorderRadius={10} nodeColor={minimapColor} style={minimapSize} />
        )}
        <FarTitles nodes={nodes} />
        <ConnectionHint />
      </ReactFlow>
      {nodes.length === 0 ? <EmptyCanvas /> : <CanvasControls />}
      <HoverTip canvas={pane} />
      <QuickAdd />
      {refusal && <RefusalNote refusal={refusal} onEnd={forgetRefusal} />}
      {menu && <CanvasMenu target={menu} onClose={() => setMenu(null)} />}
    </section>
  );
}

/** Touch drags have events without a position; they insert into no edge. */
type PointerLike = { readonly clientX?: number; readonly clientY?: number } | object;

/** A card or edge that gets the keyboard focus is selected. */
function selectFocused({ target }: FocusEvent<Element>): void {
  const { id } = (target as HTMLElement | SVGElement).dataset;
  if (!id || !target.matches('.react-flow__node:focus-visible, .react-flow__edge:focus-visible')) return;
  const { nodes, edges } = session.state.selection;
  if (!nodes.includes(id) && !edges.includes(id)) session.select(target.classList.contains('react-flow__node') ? { nodes: [id] } : { edges: [id] });
}

// The props of the flow keep their identity: each new function or list would update everything that listens to the flow.
const multiSelectionKeys = ['Control', 'Meta', 'Shift'];
const proOptions = { hideAttribution: true };
const minimapSize = { width: 148, height: 92 };
function minimapColor({ id }: CardNode): string {
  const { catalogue, pipeline } = session.state;
  return minimapColors[catalogue.get(pipeline.nodes[id]?.type ?? '')?.kind ?? 'unknown'];
}
function drawEdge(connection: FlowConnection): void {
  addEdge(asEdge(connection));
}
function mayConnect(connection: FlowConnection): boolean {
  return whyNot(session.state.pipeline, session.state.catalogue, asEdge(connection)) === null;
}
function clickNode(event: MouseEvent, { id }: CardNode): void {
  // The flow keeps the others selected, so that they can be dragged together.
  if (!event.ctrlKey && !event.metaKey && !event.shiftKey) session.select({ nodes: [id] });
}
function showNode(_event: MouseEvent, { id }: CardNode): void {
  session.showField(id, null);
}

interface FlowConnection {
  readonly source: string;
  readonly target: string;
  readonly sourceHandle?: string | null;
  readonly targetHandle?: string | null;
}
function asEdge(connection: FlowConnection): Edge {
  return { from: { node: connection.source, port: connection.sourceHandle ?? '' }, to: { node: connection.target, port: connection.targetHandle ?? '' } };
}

function addEdge(edge: Edge, replace = false): void {
  session.edit('Connect', (pipeline) => connect(pipeline, edge, { replace }));
}

function edgeUnder(x: number, y: number): string | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const edge = element.closest<HTMLElement>('.react-flow__edge');
    if (edge) return edge.dataset['id'] ?? null;
  }
  return null;
}

/** The edge under the pointer, if a node without edges of its own could be inserted into it. */
function insertableEdge(event: PointerLike, id: string): string | null {
  if (!('clientX' in event) || event.clientX === undefined || event.clientY === undefined) return null;
  const { pipeline, catalogue } = session.state;
  const ports = portsOf(pipeline, id, catalogue);
  if (ports.inputs.length === 0 || ports.outputs.length === 0) return null;
  if (pipeline.edges.some((edge) => edge.from.node === id || edge.to.node === id)) return null;
  return edgeUnder(event.clientX, event.clientY);
}

/** Shows which edge would take the dragged card. Directly on the element, because this happens at every movement of the pointer. */
function markDropEdge(marked: { current: string | null }, id: string | null): void {
  if (marked.current === id) return;
  marked.current = id;
  for (const element of document.querySelectorAll('.react-flow__edge[data-drop]')) element.removeAttribute('data-drop');
  if (id) document.querySelector(`.react-flow__edge[data-id="${CSS.escape(id)}"]`)?.setAttribute('data-drop', 'true');
}
