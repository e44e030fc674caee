/** Files that people open, drop or paste: a pipeline replaces the document, data becomes a source in it. */
import type { Position } from '../../engine/document/pipeline.ts';
import type { RecognisedFile } from '../../engine/protocol/messages.ts';
import { freePlace, insertNode, placeOfSource } from '../graph/insert.ts';
import { session } from '../session/session.ts';
import { notify, notifyError } from '../shell/notify.ts';
import { openPath, pipelineExtension, pipelineExtensions } from './documents.tsx';
import { pickFile } from './pick-file.ts';
import { upload } from './upload.ts';

/** Extensions of the files that a source can read, without the dot. */
export function dataExtensions(): readonly string[] {
  return [...new Set([...session.state.catalogue.values()].flatMap(({ opens = [] }) => opens)), 'gz'];
}

/** Opens a file of the engine's machine. False if that failed; the reason is shown. */
export async function openFile(path: string, at?: Position): Promise<boolean> {
  const recognised = await recognise(path);
  if (!recognised) return false;
  return recognised.kind === 'pipeline' ? openPath(recognised.path) : addData(recognised, at);
}

/** Asks for a file of any kind that can be opened. */
export async function openDocument(): Promise<boolean> {
  const path = await pickFile({ mode: 'open', title: 'Open a pipeline or data', extensions: [...pipelineExtensions, ...dataExtensions()] });
  return path ? openFile(path) : false;
}

export async function chooseData(): Promise<void> {
  const path = await pickFile({ mode: 'open', title: 'Choose data', extensions: dataExtensions() });
  if (path) await openFile(path);
}

/** Takes files that were dropped or pasted: each becomes a source, one below the other. A pipeline is opened if it comes alone. */
export async function takeFiles(files: readonly File[], at?: Position): Promise<void> {
  let place = at;
  for (const file of files) {
    if (files.length > 1 && file.name.endsWith(pipelineExtension)) {
      notify(`${file.name} is a pipeline: drop it alone to open it.`, 'warning');
      continue;
    }
    const taken = await takeFile(file, place);
    // The next one is placed below it.
    if (taken) place = undefined;
  }
}

async function takeFile(file: File, at: Position | undefined): Promise<boolean> {
  const own = window.desktop?.pathOf(file);
  if (own) return openFile(own, at);
  const path = await copied(file, file.name);
  if (!path || !(await openFile(path, at))) return false;
  notify(`${file.name} was copied: this pipeline reads ${path}.`);
  return true;
}

/** Text with rows becomes a file in the document's folder, and a source that reads it. */
export async function pasteRows(text: string): Promise<boolean> {
  const extension = extensionOf(text);
  if (!extension) {
    notify('The pasted text contains neither nodes nor rows. Rows are lines of values with commas, semicolons or tabs between them, or JSON.', 'warning');
    return false;
  }
  const path = await copied(new Blob([text]), `pasted.${extension}`);
  if (!path || !(await openFile(path))) return false;
  notify(`The pasted rows were saved as ${path}.`);
  return true;
}

/** The name of a file for text with rows, or null for text that has none. */
export function extensionOf(text: string): 'json' | 'tsv' | 'csv' | null {
  const trimmed = text.trim();
  if (/^(\{\s*("|\})|\[\s*\{)/.test(trimmed)) return 'json';
  const [first = '', ...others] = trimmed.split(/\r?\n/);
  if (others.length === 0) return null;
  if (first.includes('\t')) return 'tsv';
  return /[,;|]/.test(first) ? 'csv' : null;
}

async function recognise(path: string): Promise<RecognisedFile | null> {
  const { documentId } = session.state;
  if (!documentId) {
    notify('The engine is not ready yet. Try again in a moment.', 'error');
    return null;
  }
  try {
    return await session.request('files.recognise', { documentId, path });
  } catch (error) {
    notifyError(error, 'The file could not be opened');
    return null;
  }
}

function addData({ type, params, title }: Extract<RecognisedFile, { kind: 'data' }>, at: Position = placeOfSource()): boolean {
  session.begin();
  const id = insertNode(type, { position: freePlace(session.state.pipeline, at), params, title });
  if (id) session.showDock('data');
  return id !== null;
}

/** Adds the node that receives rows from other programs. */
export function listenOnPort(): void {
  const manifest = [...session.state.catalogue.values()].find(({ listens }) => listens);
  if (!manifest) return;
  session.begin();
  insertNode(manifest.type, { position: placeOfSource() });
  session.set('inspector', true);
}

async function copied(content: Blob, name: string): Promise<string | null> {
  try {
    return await upload(content, name);
  } catch (error) {
    notifyError(error, `${name} could not be copied`);
    return null;
  }
}
