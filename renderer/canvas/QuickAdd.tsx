import { useMemo, useRef, useState } from 'react';
import { canJoin } from '../graph/connect.ts';
import { cardSize } from '../graph/flow.ts';
import { addNodeBesideSelection, freePlace, insertNode } from '../graph/insert.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { closeQuickAdd, type QuickAddRequest, useQuickAdd } from '../graph/quick-add.ts';
import { searchNodes } from '../graph/search.ts';
import { focusPane } from '../graph/viewport.ts';
import { useSession } from '../session/session.ts';

const menuSize = { width: 300, height: 340 };

/** The menu that adds a node where an edge was dropped, or beside the selection. */
export function QuickAdd() {
  const request = useQuickAdd((state) => state.request);
  return request ? <QuickAddMenu key={JSON.stringify(request)} request={request} /> : null;
}

function QuickAddMenu({ request }: { readonly request: QuickAddRequest }) {
  const catalogue = useSession((state) => state.catalogue);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const { at, place, join } = request;
  const nodes = useMemo(() => {
    const all = [...catalogue.values()];
    return searchNodes(join ? all.filter((manifest) => canJoin(manifest, join.side)) : all, query);
  }, [catalogue, join, query]);

  const close = () => {
    closeQuickAdd();
    focusPane();
  };
  const add = (type: string | undefined) => {
    if (!type) return;
    close();
    if (!place) addNodeBesideSelection(type);
    else {
      // Dropped from an output, the card's input is at the pointer; from an input, its output.
      const corner = { x: join?.side === 'target' ? place.x - cardSize.width : place.x, y: place.y - cardSize.height / 2 };
      insertNode(type, { position: join ? corner : freePlace(useSession.getState().pipeline, corner), join });
    }
  };
  const move = (to: number) => {
    const next = Math.max(0, Math.min(nodes.length - 1, to));
    setActive(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      <div className="quick-add-backdrop" onPointerDown={close} />
      <div
        className="quick-add"
        role="dialog"
        aria-label="Add node"
        style={{
          // Stays within the window, also when that becomes smaller.
          left: `max(8px, min(${at.x}px, 100vw - ${menuSize.width + 8}px))`,
          top: `max(8px, min(${at.y}px, 100vh - ${menuSize.height + 8}px))`,
        }}
      >
        <input
          // biome-ignore lint/a11y/noAutofocus: the menu was opened to type in.
          autoFocus
          placeholder={join ? 'Add and connect a node' : 'Add a node'}
          aria-label="Search nodes"
          role="combobox"
          aria-expanded
          aria-controls="quick-add-list"
          aria-activedescendant={nodes[active] ? `quick-add-${nodes[active].type}` : undefined}
          value={query}
          onChange={(event) => {
            setQuery(event.currentTarget.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') move(active + 1);
            else if (event.key === 'ArrowUp') move(active - 1);
            else if (event.key === 'Enter') add(nodes[active]?.type);
            else if (event.key === 'Escape') close();
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <div id="quick-add-list" role="listbox" aria-label="Nodes" ref={list}>
          {nodes.map((manifest, index) => (
            <div
              key={manifest.type}
              id={`quick-add-${manifest.type}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === active}
              onPointerMove={() => setActive(index)}
              onClick={() => add(manifest.type)}
              onKeyDown={(event) => event.key === 'Enter' && add(manifest.type)}
            >
              <NodeIcon icon={manifest.icon} kind={manifest.kind} />
              <span className="quick-add-text">
                <b>{manifest.title}</b>
                <span>{manifest.summary}</span>
              </span>
            </div>
          ))}
          {nodes.length === 0 && <p>{catalogue.size === 0 ? 'The engine is starting…' : `No node matches “${query}”.`}</p>}
        </div>
      </div>
    </>
  );
}
