/** Frames as text, and which of the input from outside is one. */

import { MillraceError } from '../../model/problems/problem.ts';
import { isTooDeep, isTooDeepValue } from '../../model/values/json-depth.ts';
import type { Frame, Port } from './port.ts';

/** Characters, or bytes, of a frame. */
export const longestFrame = 64 * 1024 * 1024;

/** Why something is not a frame, in few words: they fit a WebSocket's close reason. */
export class FrameRefusal extends Error {}

/** A port with frames as text, for processes that forward them without reading. */
export interface TextPort {
  post(text: string): void;
  onText(listener: (text: string) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

/** Throws a FrameRefusal for anything that is not a frame, or nested too deep. */
export function parseFrame(text: string): Frame {
  if (text.length > longestFrame) throw new FrameRefusal('the frame is too large');
  if (isTooDeep(text)) throw new FrameRefusal('the frame is nested too deep');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FrameRefusal('the frame is not JSON');
  }
  if (!hasFrameShape(value)) throw new FrameRefusal('this is not a frame');
  return value;
}

/** The same for a value that was copied to this process. */
export function checkFrame(value: unknown): Frame {
  if (!hasFrameShape(value)) throw new FrameRefusal('this is not a frame');
  if (isTooDeepValue(value)) throw new FrameRefusal('the frame is nested too deep');
  return value;
}

/** Throws a MillraceError for what cannot be written, so that the requester gets that as the answer. */
export function formatFrame(frame: Frame): string {
  let text = '';
  try {
    text = JSON.stringify(frame);
  } catch {
    // Too deep for the stack.
  }
  if (text === '' || text.length > longestFrame || isTooDeep(text)) {
    throw new MillraceError({
      code: 'protocol/frame',
      message: text.length > longestFrame ? 'The data is too large to transfer at once.' : 'The data is nested too deeply to transfer.',
      hint: 'Leave the column or the value out that is that large or deep, or write it to a file instead.',
    });
  }
  return text;
}

/** Frames over a port of text. Anything that is not a frame closes it. */
export function framePort(port: TextPort): Port {
  return {
    post: (frame) => port.post(formatFrame(frame)),
    onFrame: (listener) =>
      port.onText((text) => {
        let frame: Frame;
        try {
          frame = parseFrame(text);
        } catch {
          port.close();
          return;
        }
        listener(frame);
      }),
    onClose: (listener) => port.onClose(listener),
    close: () => port.close(),
  };
}

function hasFrameShape(value: unknown): value is Frame {
  const { kind, id, name } = (value ?? {}) as Record<string, unknown>;
  if (kind === 'event') return typeof name === 'string';
  if (!Number.isSafeInteger(id)) return false;
  return kind === 'request' ? typeof name === 'string' : kind === 'cancel' || kind === 'reply' || kind === 'error';
}
