import type { FieldManifest } from '../../../engine/protocol/messages.ts';
import type { Json } from '../../../model/values/types.ts';

export interface FormProps {
  readonly fields: { readonly [name: string]: FieldManifest };
  readonly values: { readonly [name: string]: Json };
  /** The prefix of a field's name in its path: empty, or `columns.2.`. */
  readonly path?: string;
  readonly compact?: boolean;
  readonly onChange: (name: string, value: Json, how?: 'typing') => void;
  /** The field was left: the typed changes become one undo step. */
  readonly onDone: () => void;
}
