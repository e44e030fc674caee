import { useEffect } from 'react';
import { create } from 'zustand';
import { pasteRows, takeFiles } from '../documents/open-file.ts';
import { placeAt } from '../graph/viewport.ts';
import { notify } from '../shell/notify.ts';

/** Whether files are being dragged over the window. */
export const useFileDrag = create<{ readonly isOver: boolean }>()(() => ({ isOver: false }));

/** Makes the whole window accept files and pieces of text with rows. Drags of the editor's own are not touched. */
export function useDrops(): void {
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!isForeign(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
      useFileDrag.setState({ isOver: true });
    };
    const leave = (event: DragEvent) => {
      // The drag has left the window for no other element.
      if (event.relatedTarget === null) useFileDrag.setState({ isOver: false });
    };
    const drop = (event: DragEvent) => {
      useFileDrag.setState({ isOver: false });
      const data = event.dataTransfer;
      if (!isForeign(data) || !data) return;
      event.preventDefault();
      const files = [...data.files];
      const onCanvas = event.target instanceof Element && event.target.closest('.react-flow') !== null;
      const text = data.getData('text/plain');
      if (files.length > 0) void takeFiles(files, onCanvas ? placeAt(event.clientX, event.clientY) : undefined);
      else if (text) void pasteRows(text);
      else notify('What you dropped contains no file.', 'warning');
    };
    const end = () => useFileDrag.setState({ isOver: false });
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    window.addEventListener('dragend', end);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
      window.removeEventListener('dragend', end);
    };
  }, []);
}

/** Files from outside the page. */
function isForeign(data: DataTransfer | null): boolean {
  return data?.types.includes('Files') ?? false;
}
