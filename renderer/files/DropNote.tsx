import { useFileDrag } from './use-drops.ts';
import './drop-note.css';

/** Covers the window while files are dragged over it, and says what dropping does. */
export function DropNote() {
  const isOver = useFileDrag((state) => state.isOver);
  return isOver ? (
    <div className="drop-note" aria-hidden>
      <b>Drop to open</b>
      <span>Data is added to this pipeline as a source; a pipeline is opened.</span>
    </div>
  ) : null;
}
