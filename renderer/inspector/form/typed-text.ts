import { useState } from 'react';
import type { FieldManifest } from '../../../engine/protocol/messages.ts';
import { exactNumber } from '../../../model/values/exact-number.ts';
import type { Json } from '../../../model/values/types.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { asText, emptyValue } from './widget.ts';

/**
 * How to type a param that is not text. Text that cannot be read becomes the param's value as typed: it is saved and undone like any other,
 * and the check reports what is wrong with it.
 */
export interface TypedText {
  read(text: string, field: FieldManifest): Json;
  write(value: Json | undefined): string;
}

export const numberText: TypedText = {
  read: (text, field) => {
    if (text.trim() === '') return emptyValue(field);
    const read = exactNumber(text);
    return read.ok ? read.value : text;
  },
  write: asText,
};

export const plainText: TypedText = { read: (text) => text, write: asText };

export const durationText: TypedText = {
  read: (text, field) => (text.trim() === '' ? emptyValue(field) : (parseDuration(text) ?? text)),
  write: (value) => (typeof value === 'number' ? formatDuration(value) : asText(value)),
};

/** What a field shows: the text that is being typed (`1.0` on the way to `1.05`), unless its value has changed since. */
export function shownText(draft: string | null, value: Json | undefined, field: FieldManifest, { read, write }: TypedText): string {
  return draft !== null && Object.is(read(draft, field), value ?? null) ? draft : write(value);
}

/** The text of such a field, and the function that takes each change of it; `leave` when the focus leaves. */
export function useTypedText(value: Json | undefined, field: FieldManifest, as: TypedText) {
  const [draft, setDraft] = useState<string | null>(null);
  return {
    text: shownText(draft, value, field, as),
    /** The value for the text that was typed. */
    take: (text: string): Json => {
      setDraft(text);
      return as.read(text, field);
    },
    leave: () => setDraft(null),
  };
}
