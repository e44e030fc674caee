import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyNodes, pasteNodes } from './clipboard.ts';
import { addNode, connect, insertIntoEdge, moveNodes, removeItems, setNode, setParam, setParameter, setPipeline } from './edits.ts';
import { canonical, formatPipeline, parsePipeline } from './file.ts';
import { freeId } from './ids.ts';
import { edgeId, emptyPipeline, type Pipeline } from './pipeline.ts';
import { pipelineSchema } from './pipeline-schema.ts';
import { DocumentStore } from './store.ts';

type Edit = (pipeline: Pipeline) => Pipeline;

const text = fc.oneof(fc.string(), fc.constantFrom('', 'two\nlines', 'Größe "x"', '${name}', '\u2028', '__proto__'));
const pick = <T>(items: readonly T[], index: number): T | undefined => items[index % Math.max(1, items.length)];

// JSON.parse and zod both drop a key `__proto__`, so a file cannot contain one.
const anyJson = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'));

/** Edits chosen by numbers, so that they make sense whatever the pipeline contains by then. */
const anyEdit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(text, fc.integer(), fc.integer()).map(
    ([title, x, y]): Edit =>
      (p) =>
        addNode(p, { type: 'some-type', typeVersion: 1, params: {}, position: { x, y }, title }).pipeline,
  ),
  fc.nat().map(
    (n): Edit =>
      (p) =>
        removeItems(p, { nodes: [pick(Object.keys(p.nodes), n) ?? 'none'] }),
  ),
  fc.nat().map(
    (n): Edit =>
      (p) =>
        removeItems(p, { edges: p.edges.length > 0 ? [edgeId(pick(p.edges, n)!)] : [] }),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: -5000, max: 5000 })).map(
    ([n, x]): Edit =>
      (p) =>
        moveNodes(p, { [pick(Object.keys(p.nodes), n) ?? 'none']: { x, y: x / 2 } }),
  ),
  fc.tuple(fc.nat(), fc.constantFrom('where', 'count', 'Some param'), anyJson).map(
    ([n, name, value]): Edit =>
      (p) =>
        setParam(p, pick(Object.keys(p.nodes), n) ?? 'none', name, value as never),
  ),
  fc.tuple(fc.nat(), text, fc.constantFrom('stop', 'skip', 'route') as fc.Arbitrary<'stop' | 'skip' | 'route'>).map(
    ([n, title, onError]): Edit =>
      (p) =>
        setNode(p, pick(Object.keys(p.nodes), n) ?? 'none', { title, onError }),
  ),
  fc.tuple(fc.nat(), fc.nat(), fc.boolean(), fc.constantFrom('rows', 'errors')).map(
    ([a, b, replace, port]): Edit =>
      (p) =>
        connect(
          p,
          { from: { node: pick(Object.keys(p.nodes), a) ?? 'none', port }, to: { node: pick(Object.keys(p.nodes), b) ?? 'none', port: 'rows' } },
          { replace },
        ),
  ),
  fc.tuple(fc.nat(), fc.nat()).map(
    ([e, n]): Edit =>
      (p) =>
        p.edges.length > 0 ? insertIntoEdge(p, edgeId(pick(p.edges, e)!), pick(Object.keys(p.nodes), n)!, 'rows', 'rows') : p,
  ),
  text.map(
    (name): Edit =>
      (p) =>
        setPipeline(p, { name }),
  ),
  fc.tuple(fc.constantFrom('a', 'b', 'region'), text).map(
    ([name, value]): Edit =>
      (p) =>
        setParameter(p, name, value === '' ? null : { type: 'text', default: value }),
  ),
  fc.nat().map(
    (n): Edit =>
      (p) =>
        pasteNodes(p, copyNodes(p, Object.keys(p.nodes).slice(0, n % 5)), { x: n, y: 0 })?.pipeline ?? p,
  ),
);
const edits = fc.array(fc.tuple(anyEdit, fc.constantFrom(undefined, 'one', 'two')), { maxLength: 25 });
/** Everything but the retired ids: no undo removes those. */
const comparable = ({ retired: _retired, ...pipeline }: Pipeline) => formatPipeline(pipeline);
const node = { type: 'filter', typeVersion: 1, params: {}, position: { x: 0, y: 0 } } as const;
const withNodes = (...titles: string[]) => titles.reduce((p, title) => addNode(p, { ...node, title }).pipeline, emptyPipeline);

describe('the history', () => {
  it('undoes everything to the start and redoes everything to the end', () => {
    fc.assert(
      fc.property(edits, (list) => {
        const store = new DocumentStore();
        for (const [edit, merge] of list) store.edit('Edit', edit, merge ? { merge } : {});
        const end = comparable(store.pipeline);
        while (store.canUndo) store.undo();
        expect(comparable(store.pipeline)).toBe(comparable(emptyPipeline));
        expect(store.isEdited).toBe(false);
        while (store.canRedo) store.redo();
        expect(comparable(store.pipeline)).toBe(end);
      }),
    );
  });

  it('goes one step back and forth without a change', () => {
    fc.assert(
      fc.property(edits, fc.nat(30), (list, steps) => {
        const store = new DocumentStore();
        for (const [edit, merge] of list) store.edit('Edit', edit, merge ? { merge } : {});
        for (let step = 0; step < steps; step++) store.undo();
        const before = comparable(store.pipeline);
        if (!store.canUndo) return;
        store.undo();
        store.redo();
        expect(comparable(store.pipeline)).toBe(before);
      }),
    );
  });

  it('makes one step of a gesture and keeps the next gesture apart', () => {
    const store = new DocumentStore(addNode(emptyPipeline, { type: 't', typeVersion: 1, params: {}, position: { x: 0, y: 0 }, title: 'a' }).pipeline);
    for (let x = 1; x <= 20; x++) store.edit('Move', (p) => moveNodes(p, { a: { x, y: 0 } }), { merge: 'drag' });
    store.seal();
    for (let x = 1; x <= 20; x++) store.edit('Move', (p) => moveNodes(p, { a: { x: 20, y: x } }), { merge: 'drag' });
    expect(store.undo()).toEqual(['a']);
    expect(store.pipeline.layout['a']).toEqual({ x: 20, y: 0 });
    store.undo();
    expect(store.pipeline.layout['a']).toEqual({ x: 0, y: 0 });
    expect(store.canUndo).toBe(false);
  });

  it('keeps what can be redone when an edit changes nothing, and forgets it when one does', () => {
    const store = new DocumentStore();
    store.edit('Rename', (p) => setPipeline(p, { name: 'One' }));
    store.undo();
    store.edit('Rename', (p) => setPipeline(p, { name: 'Untitled' }));
    expect(store.canRedo).toBe(true);
    store.edit('Rename', (p) => setPipeline(p, { name: 'Two' }));
    expect(store.canRedo).toBe(false);
    expect(store.undoLabel).toBe('Rename');
  });

  it('is not edited once undone to what was saved', () => {
    const store = new DocumentStore();
    store.edit('Rename', (p) => setPipeline(p, { name: 'One' }));
    store.markSaved();
    store.edit('Rename', (p) => setPipeline(p, { name: 'Two' }));
    expect(store.isEdited).toBe(true);
    store.undo();
    expect(store.isEdited).toBe(false);
  });
});

describe('edits', () => {
  it('never leave an edge without its nodes, an id of the wrong form, or a changed input document', () => {
    fc.assert(
      fc.property(edits, (list) => {
        let pipeline: Pipeline = emptyPipeline;
        for (const [edit] of list) {
          const before = JSON.stringify(pipeline);
          const next = edit(pipeline);
          expect(JSON.stringify(pipeline)).toBe(before);
          pipeline = next;
          for (const edge of pipeline.edges) expect(pipeline.nodes[edge.from.node] && pipeline.nodes[edge.to.node]).toBeTruthy();
          for (const id of Object.keys(pipeline.nodes)) expect(id).toMatch(/^[a-z][a-z0-9_]*$/);
          expect(new Set(pipeline.edges.map(edgeId)).size).toBe(pipeline.edges.length);
        }
      }),
    );
  });

  it('take the edges of the error port away when errors are no longer routed', () => {
    let pipeline = addNode(emptyPipeline, { type: 't', typeVersion: 1, params: {}, position: { x: 0, y: 0 }, title: 'a' }).pipeline;
    pipeline = addNode(pipeline, { type: 't', typeVersion: 1, params: {}, position: { x: 0, y: 0 }, title: 'b' }).pipeline;
    pipeline = setNode(pipeline, 'a', { onError: 'route' });
    pipeline = connect(pipeline, { from: { node: 'a', port: 'errors' }, to: { node: 'b', port: 'rows' } });
    expect(setNode(pipeline, 'a', { onError: 'skip' }).edges).toEqual([]);
    expect(setNode(pipeline, 'a', { title: 'Still routed' }).edges).toHaveLength(1);
  });

  it('paste nodes with the edges among them under new ids', () => {
    let pipeline = addNode(emptyPipeline, { type: 't', typeVersion: 1, params: { x: 1 }, position: { x: 10, y: 10 }, title: 'a' }).pipeline;
    pipeline = addNode(pipeline, { type: 't', typeVersion: 1, params: {}, position: { x: 310, y: 10 }, title: 'b' }).pipeline;
    pipeline = connect(pipeline, { from: { node: 'a', port: 'rows' }, to: { node: 'b', port: 'rows' } });
    const pasted = pasteNodes(pipeline, copyNodes(pipeline, ['a', 'b']), { x: 100, y: 200 })!;
    expect(pasted.ids).toEqual(['a_2', 'b_2']);
    expect(pasted.pipeline.layout['b_2']).toEqual({ x: 400, y: 200 });
    expect(pasted.pipeline.edges.map(edgeId)).toContain('a_2.rows->b_2.rows');
    expect(pasteNodes(pipeline, 'just text', { x: 0, y: 0 })).toBeNull();
    expect(pasteNodes(pipeline, '{"format":"other"}', { x: 0, y: 0 })).toBeNull();
  });
});

describe('the file', () => {
  it('gives back what was written, and the same text again', () => {
    fc.assert(
      fc.property(edits, (list) => {
        const pipeline = list.reduce((p, [edit]) => edit(p), emptyPipeline as Pipeline);
        const written = formatPipeline(pipeline);
        const read = parsePipeline(written);
        if (!read.ok) throw new Error(JSON.stringify(read.problems));
        expect(read.pipeline).toEqual(JSON.parse(JSON.stringify(canonical(pipeline))));
        expect(formatPipeline(read.pipeline)).toBe(written);
      }),
    );
  });
});

describe('ids of nodes', () => {
  /** Adds and removes nodes at random, with undo, redo and saving between. */
  const acts = fc.array(fc.tuple(fc.constantFrom('add', 'remove', 'undo', 'redo', 'reopen', 'paste'), fc.nat(), fc.constantFrom('Filter', 'Filter 2', 'a')), {
    maxLength: 40,
  });

  it('are never given to another node, whatever was deleted, undone, pasted, saved and opened again', () => {
    fc.assert(
      fc.property(acts, (list) => {
        let store = new DocumentStore();
        const owners = new Map<string, string>();
        let count = 0;
        for (const [act, n, title] of list) {
          const { pipeline } = store;
          // A distinct note tells each node from all others.
          const mark = `node ${count++}`;
          if (act === 'add')
            store.edit('Add', (p) => {
              const added = addNode(p, { ...node, title });
              return setNode(added.pipeline, added.id, { note: mark });
            });
          else if (act === 'remove') store.edit('Delete', (p) => removeItems(p, { nodes: [pick(Object.keys(p.nodes), n) ?? 'none'] }));
          else if (act === 'paste')
            store.edit('Paste', (p) => {
              const pasted = pasteNodes(p, copyNodes(p, [pick(Object.keys(p.nodes), n) ?? 'none']), { x: 0, y: 0 });
              return pasted ? pasted.ids.reduce((next, id) => setNode(next, id, { note: mark }), pasted.pipeline) : p;
            });
          else if (act === 'undo') store.undo();
          else if (act === 'redo') store.redo();
          else {
            const read = parsePipeline(formatPipeline(pipeline));
            if (!read.ok) throw new Error(JSON.stringify(read.problems));
            store = new DocumentStore(read.pipeline);
          }
          for (const [id, { note = '' }] of Object.entries(store.pipeline.nodes)) {
            expect(owners.get(id) ?? note).toBe(note);
            owners.set(id, note);
          }
        }
      }),
    );
  });

  it('stay short and readable', () => {
    const two = withNodes('Hot readings', 'Hot readings');
    expect(Object.keys(two.nodes)).toEqual(['hot_readings', 'hot_readings_2']);
    const none = removeItems(two, { nodes: ['hot_readings', 'hot_readings_2'] });
    expect(freeId(none, 'Hot readings')).toBe('hot_readings_3');
    expect(none.retired).toEqual({ hot_readings: 2 });
    expect(formatPipeline(none)).toContain('"retired": {\n    "hot_readings": 2\n  },\n  "layout"');
  });

  it('may be anything that an object inherits', () => {
    const { layout: _layout, ...rest } = withNodes('Constructor');
    const placeless: Pipeline = { ...rest, layout: {} };
    expect(Object.keys(placeless.nodes)).toEqual(['constructor']);
    const read = parsePipeline(formatPipeline(placeless));
    expect(read).toMatchObject({ ok: true, pipeline: { layout: {} } });
    const moved = moveNodes(placeless, { constructor: { x: 8, y: 8 } });
    expect(moved.layout).toEqual({ constructor: { x: 8, y: 8 } });
    expect(Object.keys(addNode(placeless, { ...node, title: 'Constructor' }).pipeline.nodes)).toContain('constructor_2');
    expect(setNode(emptyPipeline, 'constructor', { title: 'None' })).toBe(emptyPipeline);
    expect(setParameter(emptyPipeline, 'constructor', null)).toBe(emptyPipeline);
    const store = new DocumentStore(placeless);
    expect(store.pipeline.layout['constructor']).toBeUndefined();
    store.edit('Delete', (p) => removeItems(p, { nodes: ['constructor'] }));
    expect(store.pipeline.nodes['constructor']).toBeUndefined();
    expect(Object.keys(pasteNodes(emptyPipeline, copyNodes(placeless, ['constructor']), { x: 1, y: 1 })!.pipeline.nodes)).toEqual(['constructor']);
  });
});

describe('what an edit makes', () => {
  it('is never refused for the length of a text', () => {
    const long = 'x'.repeat(5_000);
    const pipeline = setNode(setPipeline(withNodes('a'), { name: long, description: long }), 'a', { title: long, note: long });
    expect(pipelineSchema.safeParse(pipeline).success).toBe(true);
    expect(parsePipeline(formatPipeline(pipeline)).ok).toBe(true);
  });
});
