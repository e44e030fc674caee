import { ActionIcon, CloseButton, Collapse, TextInput } from '@mantine/core';
import { IconChevronRight, IconInfoCircle, IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useMemo, useState } from 'react';
import type { NodeManifest } from '../../engine/protocol/messages.ts';
import { dragType } from '../graph/drag-type.ts';
import { addNodeBesideSelection } from '../graph/insert.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { focusPane } from '../graph/viewport.ts';
import { useSession } from '../session/session.ts';
import { Markdown } from '../shell/Markdown.tsx';
import './palette.css';
import { byCategory, sameTitles, searchNodes } from '../graph/search.ts';

/** The available nodes: by category or as search results; drag one onto the canvas, or Enter adds it beside the selection. */
export function Palette() {
  const catalogue = useSession((state) => state.catalogue);
  const engine = useSession((state) => state.engine);
  const [query, setQuery] = useState('');
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const groups = useMemo(() => {
    const found = searchNodes([...catalogue.values()], query);
    if (query.trim()) return [['', found]] as const;
    return byCategory(found);
  }, [catalogue, query]);
  const twins = useMemo(() => sameTitles([...catalogue.values()]), [catalogue]);
  const isEmpty = groups.every(([, members]) => members.length === 0);

  const toggle = (category: string) => {
    const next = new Set(closed);
    if (!next.delete(category)) next.add(category);
    setClosed(next);
  };
  return (
    <aside className="palette" aria-label="Node palette" onKeyDown={moveFocus}>
      <TextInput
        placeholder="Search nodes"
        aria-label="Search nodes"
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
        leftSection={<IconSearch size={14} />}
        rightSection={query ? <CloseButton size="xs" aria-label="Clear search" onClick={() => setQuery('')} /> : null}
        onKeyDown={(event) => {
          const first = groups[0]?.[1][0];
          if (event.key === 'Enter' && query.trim() && first) addNodeBesideSelection(first.type);
          if (event.key === 'Escape') query ? setQuery('') : focusPane();
        }}
      />
      <div className="palette-list">
        {groups.map(([category, members]) => (
          <section key={category} aria-label={category || 'Search results'}>
            {category && (
              <button type="button" className="palette-category" aria-expanded={!closed.has(category)} onClick={() => toggle(category)}>
                <IconChevronRight size={13} />
                {category}
              </button>
            )}
            {!closed.has(category) && members.map((manifest) => <PaletteItem key={manifest.type} manifest={manifest} twin={twins.has(manifest.title)} />)}
          </section>
        ))}
        {isEmpty && (
          <p className="palette-empty">
            {catalogue.size > 0
              ? `No node matches “${query}”.`
              : engine === 'lost'
                ? 'The nodes come from the engine, which cannot be reached.'
                : 'The engine is starting…'}
          </p>
        )}
      </div>
    </aside>
  );
}

/** `twin`: another node has the same title, so the kind must distinguish them. */
function PaletteItem({ manifest, twin }: { readonly manifest: NodeManifest; readonly twin: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="palette-item-box" data-open={isOpen || undefined}>
      <div className="palette-row">
        <button
          type="button"
          className="palette-item"
          draggable
          data-node-type={manifest.type}
          aria-label={twin ? `Add ${manifest.title} (${manifest.kind})` : `Add ${manifest.title}`}
          title={manifest.summary}
          onDragStart={(event) => {
            event.dataTransfer.setData(dragType, manifest.type);
            event.dataTransfer.effectAllowed = 'copy';
          }}
          onDoubleClick={() => addNodeBesideSelection(manifest.type)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            addNodeBesideSelection(manifest.type);
          }}
        >
          <NodeIcon icon={manifest.icon} kind={manifest.kind} />
          <span>
            {manifest.title}
            {twin && (
              <>
                {' '}
                <i>({manifest.kind})</i>
              </>
            )}
          </span>
        </button>
        <ActionIcon
          size={22}
          className="palette-info"
          aria-label={`About ${manifest.title}`}
          aria-expanded={isOpen}
          title="What it does"
          onClick={() => setOpen(!isOpen)}
        >
          <IconInfoCircle size={15} stroke={1.6} />
        </ActionIcon>
      </div>
      <Collapse expanded={isOpen} transitionDuration={80}>
        {isOpen && (
          <div className="palette-docs">
            <p>{manifest.summary}</p>
            <Markdown source={manifest.docs} />
          </div>
        )}
      </Collapse>
    </div>
  );
}

/** Up and down move through the palette's buttons. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input, .palette-category, .palette-item')];
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const next = stops[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at < 0 || !next) return;
  next.focus();
  event.preventDefault();
}
