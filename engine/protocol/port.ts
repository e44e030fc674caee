/**
 * Frames and the port that carries them. Four transports implement `Port`: a MessagePort (Electron), a WebSocket (browser),
 * a child process's channel, and an in-process pair (tests).
 */
import type { Problem } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';

export type Frame =
  | { readonly kind: 'request'; readonly id: number; readonly name: string; readonly params: Json }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'reply'; readonly id: number; readonly result: Json }
  | { readonly kind: 'error'; readonly id: number; readonly problem: Problem }
  | { readonly kind: 'event'; readonly name: string; readonly data: Json };

/** A two-way channel of frames, in order, to one peer. */
export interface Port {
  post(frame: Frame): void;
  /** One listener; frames that come before it is set are kept. */
  onFrame(listener: (frame: unknown) => void): void;
  /** Called once, when either side closed or died. */
  onClose(listener: () => void): void;
  close(): void;
}
