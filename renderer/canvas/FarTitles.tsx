import { useStore, ViewportPortal } from '@xyflow/react';
import { memo, useMemo } from 'react';
import { placeTitles, titleSize, titleZoom } from '../graph/far.ts';
import { type CardNode, cardSize } from '../graph/flow.ts';
import { useSession } from '../session/session.ts';

/** The titles of cards that are too small to show their own, in one font size on the screen. */
export const FarTitles = memo(function FarTitles({ nodes }: { readonly nodes: readonly CardNode[] }) {
  const zoom = useStore(titleZoom);
  return zoom === null ? null : <Titles nodes={nodes} zoom={zoom} />;
});

function Titles({ nodes, zoom }: { readonly nodes: readonly CardNode[]; readonly zoom: number }) {
  const errors = useSession((state) => state.problemsByNode);
  const titles = useMemo(() => {
    const cards = nodes.map(({ id, ariaLabel, position, data: { ports } }) => ({
      id,
      title: ariaLabel ?? id,
      x: position.x,
      y: position.y + cardSize.height / 2,
      isEnd: ports.inputs.length === 0 || ports.outputs.length === 0,
    }));
    return placeTitles(cards, zoom);
  }, [nodes, zoom]);
  return (
    <ViewportPortal>
      <div className="far-titles" aria-hidden style={{ fontSize: titleSize.font / zoom, lineHeight: `${titleSize.height / zoom}px` }}>
        {titles.map(({ id, title, x, y, width }) => (
          <span key={id} data-problem={errors[id]?.[0]?.severity} style={{ left: x, top: y - titleSize.height / zoom / 2, maxWidth: width }}>
            {title}
          </span>
        ))}
      </div>
    </ViewportPortal>
  );
}
