import { problemOf } from '../../engine/protocol/connection.ts';
import type { OpenedDocument, Pipeline } from '../../engine/protocol/messages.ts';
import { readRuns } from '../session/engine.ts';
import { session } from '../session/session.ts';
import { setState } from '../session/state.ts';
import { showDialog } from '../shell/dialogs.tsx';
import { notify, notifyError } from '../shell/notify.ts';
import { notifyUndoable } from '../shell/notify-undoable.tsx';
import { discardAutosave, holdAutosave, releaseAutosave } from './autosave.ts';
import { ConflictDialog } from './ConflictDialog.tsx';
import { ExamplesDialog } from './ExamplesDialog.tsx';
import { alreadyFitted, fitToFile } from './fit-to-file.ts';
import { pickFile } from './pick-file.ts';
import { RecentDialog } from './RecentDialog.tsx';
import { UnsavedDialog } from './UnsavedDialog.tsx';

export const pipelineExtension = '.millrace.json';
export const pipelineExtensions = ['millrace.json', 'json'];

/** Loads what `open` returns in place of the current document, after asking about unsaved changes. False if the user stayed. */
async function replaceDocument(open: () => Promise<OpenedDocument>, what: string, options: { readonly start?: boolean } = {}): Promise<boolean> {
  if (!(await mayLeaveDocument())) return false;
  const { documentId } = session.state;
  try {
    const opened = await open();
    session.load(opened, options);
    if (documentId && documentId !== opened.documentId) void session.request('document.close', { documentId }).catch(() => {});
    if (opened.migrated?.length) {
      notify(`This file was written by an older version and has been converted: ${opened.migrated.join('; ')}. Saving writes the new format.`);
    }
    await readRuns();
    return true;
  } catch (error) {
    notifyError(error, what);
    return false;
  }
}

/** True if there is nothing to lose, or the user has saved or given up the changes. */
export async function mayLeaveDocument(): Promise<boolean> {
  if (!session.state.isEdited) return true;
  const answer = await showDialog<'save' | 'discard'>((close) => <UnsavedDialog name={session.state.pipeline.name} onClose={close} />);
  if (answer === 'save') return saveDocument();
  if (answer === 'discard') await discardAutosave();
  return answer === 'discard';
}

export function newDocument(): Promise<boolean> {
  return replaceDocument(() => session.request('document.new', {}), 'A new pipeline could not be created');
}
/** Back to the start page. */
export function showStart(): Promise<boolean> {
  return replaceDocument(() => session.request('document.new', {}), 'The start page could not be shown', { start: true });
}
export function openPath(path: string): Promise<boolean> {
  return replaceDocument(() => session.request('document.open', { path }), 'The file could not be opened');
}
export function openExample(id: string): Promise<boolean> {
  return replaceDocument(() => session.request('document.openExample', { id }), 'The example could not be opened');
}
export async function showExamples(): Promise<void> {
  const id = await showDialog<string>((close) => <ExamplesDialog onClose={close} />);
  if (id) await openExample(id);
}
export async function showRecent(): Promise<void> {
  const path = await showDialog<string>((close) => <RecentDialog onClose={close} />);
  if (path) await openPath(path);
}

/** The save in progress: the next one begins with its result. */
let saving: Promise<unknown> = Promise.resolve();

/** Saves to the document's file, or asks for one. False if it was not saved. */
export async function saveDocument(): Promise<boolean> {
  await saving;
  const { path, stamp } = session.state;
  return path ? write(path, stamp) : saveDocumentAs();
}
export async function saveDocumentAs(): Promise<boolean> {
  const { path, pipeline } = session.state;
  const suggestion = path ?? `${fileName(pipeline.name)}${pipelineExtension}`;
  const chosen = await pickFile({ mode: 'save', title: 'Save pipeline', extensions: pipelineExtensions, suggestion });
  await saving;
  return chosen ? write(chosen, null) : false;
}

async function write(path: string, stamp: string | null): Promise<boolean> {
  const written = writeNow(path, stamp);
  saving = written.catch(() => {});
  const outcome = await written;
  return outcome === 'conflict' ? resolveConflict(path) : outcome;
}

async function writeNow(path: string, stamp: string | null): Promise<boolean | 'conflict'> {
  const { documentId, document, path: before, catalogue } = session.state;
  if (!documentId) {
    notify('The engine is not ready yet, so nothing was saved. Try again in a moment.', 'error');
    return false;
  }
  const known = alreadyFitted(document);
  const fitted = (pipeline: Pipeline) => fitToFile(pipeline, path, before, catalogue, known);
  const { pipeline, paths, rebased } = fitted(document.pipeline);
  try {
    const copy = await holdAutosave();
    const saved = await session.request('document.save', { documentId, path, pipeline, stamp, ...(copy !== undefined && { copy }) });
    if (session.state.document === document) {
      const words = aboutPaths(paths.length, rebased);
      document.edit(words ? 'Fit paths to the file' : 'Name after the file', (now) => fitted(now).pipeline);
      document.markSaved(pipeline);
      for (const one of paths) known.add(one);
      setState({ path: saved.path, stamp: saved.stamp });
      // Relative paths start at the file.
      if (saved.path !== before) session.recheck();
      if (words) notifyUndoable(words);
    }
    await discardAutosave();
    return true;
  } catch (error) {
    if (problemOf(error).code === 'file/changed') return 'conflict';
    notifyError(error, 'The pipeline was not saved');
    return false;
  } finally {
    releaseAutosave();
  }
}

/** How saving has changed paths; null if it has not. */
function aboutPaths(relative: number, rebased: number): string | null {
  const counted = (count: number) => (count === 1 ? 'One path' : `${count} paths`);
  const said = [
    rebased > 0 && `${counted(rebased)} changed with the folder, to refer to the same ${rebased === 1 ? 'file' : 'files'} as before.`,
    relative > 0 && `${counted(relative)} ${relative === 1 ? 'is' : 'are'} now relative to the pipeline's file, so that you can move them together.`,
  ].filter((text) => text !== false);
  return said.length > 0 ? said.join(' ') : null;
}

/** Another program changed the file since it was opened. */
async function resolveConflict(path: string): Promise<boolean> {
  const answer = await showDialog<'overwrite' | 'reload' | 'saveAs'>((close) => <ConflictDialog path={path} onClose={close} />);
  if (answer === 'overwrite') return write(path, null);
  if (answer === 'saveAs') return saveDocumentAs();
  if (answer === 'reload') {
    session.load(await session.request('document.open', { path }));
    await discardAutosave();
  }
  return false;
}

function fileName(name: string): string {
  return (
    name
      .trim()
      .replace(/[\\/:*?"<>|\s]+/g, '-')
      .toLowerCase() || 'pipeline'
  );
}
