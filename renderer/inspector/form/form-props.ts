import type { FieldManifest } from '../../../engine/protocol/messages.ts';
import type { Json } from '../../../model/values/types.ts';

export interface FormProps {
  readonly fields: { readonly [name: string]: FieldManifest };
  readonly values: { readonly [name: string]: Json };
  /** What stands before a field's name in its path: empty, or `columns.2.`. */
  readonly path?: string;
  readonly compact?: boolean;
  readonly onChange: (name: string, value: Json, how?: 'typing') => void;
  /** The field was left: what was typed there is one undo step. */
  readonly onDone: () => void;
}
