import { notifications } from '@mantine/notifications';
import { MillraceError } from '../../model/problems/problem.ts';
import { formatBytes } from '../format/run-text.ts';
import { session } from '../session/session.ts';

const partBytes = 2 * 1024 * 1024;
/** Above this, copying takes long enough to show progress. */
const watchedBytes = 8 * 1024 * 1024;

/** Copies content to the document's folder in parts, and returns the path of the file. Rejects with a MillraceError. */
export async function upload(content: Blob, name: string): Promise<string> {
  const { documentId } = session.state;
  if (!documentId) throw new MillraceError({ code: 'engine/gone', message: 'The engine is not ready yet.', hint: 'Try again in a moment.' });
  const { uploadId } = await session.request('upload.begin', { documentId, name, size: content.size });
  const progress = content.size > watchedBytes ? new Progress(name, content.size, uploadId) : null;
  try {
    for (let at = 0; at < content.size; at += partBytes) {
      await session.request('upload.write', { uploadId, base64: await base64Of(content.slice(at, at + partBytes)) });
      progress?.show(Math.min(at + partBytes, content.size));
    }
    return (await session.request('upload.end', { uploadId })).path;
  } catch (error) {
    void session.request('upload.cancel', { uploadId }).catch(() => {});
    if (progress?.cancelled) throw new MillraceError({ code: 'cancelled', message: 'Copying was stopped.' });
    throw error;
  } finally {
    progress?.end();
  }
}

/** The progress of a copy; closing the note stops it. */
class Progress {
  cancelled = false;
  readonly #id: string;
  readonly #name: string;
  readonly #size: number;
  #ended = false;

  constructor(name: string, size: number, uploadId: string) {
    this.#id = `upload ${uploadId}`;
    this.#name = name;
    this.#size = size;
    notifications.show({
      id: this.#id,
      title: `Copying ${name}`,
      message: this.#words(0),
      loading: true,
      autoClose: false,
      onClose: () => {
        if (this.#ended) return;
        this.cancelled = true;
        void session.request('upload.cancel', { uploadId }).catch(() => {});
      },
    });
  }

  show(done: number): void {
    if (!this.cancelled) notifications.update({ id: this.#id, title: `Copying ${this.#name}`, message: this.#words(done), loading: true, autoClose: false });
  }

  end(): void {
    this.#ended = true;
    notifications.hide(this.#id);
  }

  #words(done: number): string {
    return `${formatBytes(done)} of ${formatBytes(this.#size)}. Close this to stop.`;
  }
}

function base64Of(part: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () =>
      reject(new MillraceError({ code: 'upload/unreadable', message: 'The file could not be read.', hint: 'Was it a folder, or was it moved? Drop files.' }));
    reader.readAsDataURL(part);
  });
}
