import type { ExampleFile } from '../../engine/protocol/messages.ts';
import { itemAt } from '../../model/faults/missing.ts';
import { cardSize } from '../graph/flow.ts';
import { useSession } from '../session/session.ts';

const margin = 20;

/** A small drawing of a pipeline: its nodes in their colours, and its edges. */
export function ExampleSketch({ sketch: { nodes, edges } }: { readonly sketch: ExampleFile['sketch'] }) {
  const catalogue = useSession((state) => state.catalogue);
  if (nodes.length === 0) return null;
  const left = Math.min(...nodes.map(({ x }) => x)) - margin;
  const top = Math.min(...nodes.map(({ y }) => y)) - margin;
  const width = Math.max(...nodes.map(({ x }) => x)) + cardSize.width + margin - left;
  const height = Math.max(...nodes.map(({ y }) => y)) + cardSize.height + margin - top;
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: it adds nothing to the example's title.
    <svg className="start-sketch" viewBox={`${left} ${top} ${width} ${height}`} aria-hidden preserveAspectRatio="xMidYMid meet">
      {edges.map(([from, to]) => {
        const a = itemAt(nodes, from);
        const b = itemAt(nodes, to);
        const [x1, y1, x2, y2] = [a.x + cardSize.width, a.y + cardSize.height / 2, b.x, b.y + cardSize.height / 2];
        const bend = Math.max(40, (x2 - x1) / 2);
        return <path key={`${from} ${to}`} d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`} />;
      })}
      {nodes.map(({ x, y, type }) => (
        <rect
          key={`${x} ${y} ${type}`}
          x={x}
          y={y}
          width={cardSize.width}
          height={cardSize.height}
          rx={10}
          data-kind={catalogue.get(type)?.kind ?? 'unknown'}
        />
      ))}
    </svg>
  );
}
