import type { ReactFlowState } from '@xyflow/react';

/** Below this zoom, text on cards and edges cannot be read. */
export const legibleZoom = 0.45;

export function isFarAway(state: ReactFlowState): boolean {
  return state.transform[2] < legibleZoom;
}

/** Zooms at which titles are laid out again: between two of them they grow with the canvas. */
const steps = [0.38, 0.32, 0.26, 0.21, 0.17, 0.13, 0.1, 0.07, 0.05] as const;

/** The zoom for which to lay titles out, or null if the cards show their own. */
export function titleZoom(state: ReactFlowState): number | null {
  const [, , zoom] = state.transform;
  return zoom < legibleZoom ? (steps.find((step) => step <= zoom + 1e-6) ?? steps.at(-1) ?? null) : null;
}

/** Of titles, in pixels of the screen. */
export const titleSize = { font: 11.5, height: 15, letter: 6.6, most: 150, least: 46 } as const;
/** The distance of a title from its card's left edge, at zoom 1. */
export const titleIndent = 50;

export interface TitledCard {
  readonly id: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly isEnd?: boolean;
}
export interface PlacedTitle {
  readonly id: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  /** In the canvas's coordinates; a longer title is cut. */
  readonly width: number;
}

/**
 * Titles in a readable size, of as many cards as there is room for without overlaps. `cards` with their upper left corner and the middle of
 * their head; `isEnd`, where rows come from or go to, have precedence.
 */
export function placeTitles(cards: readonly TitledCard[], zoom: number): PlacedTitle[] {
  const height = titleSize.height / zoom;
  const least = titleSize.least / zoom;
  const rows = new Map<number, PlacedTitle[]>();
  const placed: PlacedTitle[] = [];
  // From the right: the titles already placed there limit the room of the next one.
  for (const { id, title, x: left, y } of [...cards].sort((one, other) => Number(other.isEnd ?? false) - Number(one.isEnd ?? false) || other.x - one.x)) {
    const x = left + titleIndent;
    const row = Math.floor(y / height);
    const wanted = Math.min(title.length * titleSize.letter + 8, titleSize.most) / zoom;
    const near = [row - 1, row, row + 1]
      .flatMap((at) => rows.get(at) ?? [])
      .filter((other) => Math.abs(other.y - y) < height && other.x < x + wanted && other.x + other.width > x);
    const width = Math.min(wanted, ...near.map((other) => other.x - x));
    if (width < Math.min(wanted, least)) continue;
    const found = { id, title, x, y, width };
    placed.push(found);
    const list = rows.get(row);
    if (list) list.push(found);
    else rows.set(row, [found]);
  }
  return placed;
}
