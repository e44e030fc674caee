/** How one line of a log (or an entry of several) becomes the values of columns. */

import { statSync } from 'node:fs';
import { formatLabel, type NamedFormat, namedReader } from '@millrace/kit/formats/log-formats';
import { readLogfmt } from '@millrace/kit/formats/logfmt';
import type { SourceContext } from '@millrace/kit/node';
import type { InputFile } from '../../../io/files/input-files.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import type { EntryFix } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';
import { TrailingZeros } from '../../../model/values/exact.ts';
import { readText, widerType } from '../../../model/values/read-text.ts';
import type { Column, Value } from '../../../model/values/types.ts';
import { type Converted, castValue } from '../../../model/values/values.ts';
import type { CellFormat, CellFormats } from '../cells/cell-formats.ts';
import { columnTypesField, readAs } from '../column-fields.ts';

/** Why a line gives no row. */
export interface LineFault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
  readonly field?: string;
  readonly fix?: EntryFix | undefined;
}
export interface LineReader {
  /** A file begins. */
  begin?(file: InputFile): void;
  /** The values of the columns in order. `line`: its number, from 1. */
  read(text: string, line: number): readonly Value[] | LineFault;
  /** The file has ended. */
  end?(file: InputFile): void;
}
type Log = SourceContext<unknown>['log'];

/** Lines of a named format; `columns` may have other types than those of the format. */
export class NamedLines implements LineReader {
  readonly #format: NamedFormat;
  readonly #log: Log;
  readonly #reader: ReturnType<typeof namedReader>;
  /** Null if all columns have the types of the format. */
  readonly #cast: ((values: readonly Value[]) => readonly Value[] | LineFault) | null;
  #latest: number | null = null;
  #isTold = false;

  /** `isGrowing`: the files are written to while they are read, so that their last change is now. */
  constructor(format: NamedFormat, zone: string, given: readonly Column[], columns: readonly Column[], isGrowing: boolean, log: Log) {
    this.#format = format;
    this.#log = log;
    this.#reader = namedReader(format, zone, () => (isGrowing ? null : this.#latest) ?? Date.now());
    this.#cast = columns.some(({ type }, i) => type !== given[i]?.type) ? (values) => castAll(values, given, columns) : null;
  }

  begin({ path }: InputFile): void {
    try {
      this.#latest = statSync(path).mtimeMs;
    } catch {
      this.#latest = null;
    }
  }

  read(text: string): readonly Value[] | LineFault {
    const values = this.#reader.read(text);
    if (typeof values === 'string') {
      const message = `The line is not in the ${formatLabel(this.#format)}: ${values}.`;
      return { code: 'log/format', message, hint: 'Choose the format that it has, or skip such lines.', field: 'format' };
    }
    if (this.#reader.hasCutTimes && !this.#isTold) {
      this.#isTold = true;
      this.#log('info', 'Times are finer than a millisecond: they are cut to it.');
    }
    return this.#cast ? this.#cast(values) : values;
  }
}

/** Lines whose named groups are the columns. */
export class PatternLines implements LineReader {
  readonly #find: (text: string) => RegExpExecArray | null;
  readonly #cells: readonly TypedCell[];

  constructor(find: (text: string) => RegExpExecArray | null, columns: readonly Column[], formats: CellFormats) {
    this.#find = find;
    this.#cells = columns.map((column) => new TypedCell(column, formats));
  }

  read(text: string): readonly Value[] | LineFault {
    const groups = this.#find(text)?.groups;
    if (!groups) {
      const message = 'The line does not match the pattern.';
      return { code: 'log/no-match', message, hint: 'Change the pattern, or skip such lines.', field: 'pattern' };
    }
    return readAll(this.#cells, ({ column }) => groups[column.name] ?? null);
  }
}

/** Lines of pairs. */
export class LogfmtLines implements LineReader {
  readonly #cells: readonly TypedCell[];
  readonly #names: ReadonlySet<string>;
  readonly #extra: 'ignore' | 'error';
  readonly #log: Log;
  readonly #ignored = new Map<string, number>();
  #doubled = { rows: 0, line: 0 };

  constructor(columns: readonly Column[], formats: CellFormats, extra: 'ignore' | 'error', log: Log) {
    this.#cells = columns.map((column) => new TypedCell(column, formats));
    this.#names = new Set(columns.map(({ name }) => name));
    this.#extra = extra;
    this.#log = log;
  }

  read(text: string, line: number): readonly Value[] | LineFault {
    const found = readLogfmt(text);
    if (typeof found === 'string') {
      const message = `The line is not made of pairs: ${found}.`;
      return { code: 'log/pairs', message, hint: 'Choose the format that it has, or skip such lines.', field: 'format' };
    }
    const { pairs, hasDoubleKey } = found;
    const strange = [...pairs.keys()].filter((key) => !this.#names.has(key));
    if (strange.length > 0 && this.#extra === 'error') {
      const hint = `Add the column "${strange[0]}" under ${columnTypesField.label}, or leave such keys out.`;
      return { code: 'log/extra-key', message: `There is no column "${strange[0]}".`, hint, field: 'extra' };
    }
    const values = readAll(this.#cells, ({ column }) => pairs.get(column.name) ?? null);
    if ('code' in values) return values;
    for (const key of strange) this.#ignored.set(key, (this.#ignored.get(key) ?? 0) + 1);
    if (hasDoubleKey) this.#doubled = { rows: this.#doubled.rows + 1, line: this.#doubled.line || line };
    return values;
  }

  end(file: InputFile): void {
    const rows = (count: number) => (count === 1 ? '1 row' : `${thousands(count)} rows`);
    if (this.#ignored.size > 0) {
      const told = [...this.#ignored].slice(0, 5).map(([key, count]) => `"${key}" (${rows(count)})`);
      const more = this.#ignored.size > told.length ? ` and ${this.#ignored.size - told.length} others` : '';
      this.#log('info', `Keys of ${file.name} that are not columns were left out: ${told.join(', ')}${more}.`);
    }
    const { rows: doubled, line } = this.#doubled;
    if (doubled > 0) this.#log('warning', `A key stands twice in ${rows(doubled)} of ${file.name} (line ${line} is the first): the last value counts.`);
    this.#ignored.clear();
    this.#doubled = { rows: 0, line: 0 };
  }
}

/** Reads the texts of one column: exactly if its type was inferred from the data, otherwise as the user has set it. */
class TypedCell {
  readonly column: Column;
  readonly #isCast: boolean;
  readonly #format: CellFormat | null;
  readonly #zeros = new TrailingZeros();

  constructor(column: Column, formats: CellFormats) {
    this.column = column;
    this.#isCast = formats.cast.has(column.name);
    this.#format = formats.of(column.name, column.type);
  }

  read(text: string): Converted {
    const { type } = this.column;
    if (this.#format) return this.#format.read(text, false, this.#zeros);
    return this.#isCast ? castValue(text, type) : readText(text, type, this.#zeros);
  }

  fault(message: string, text: string): LineFault {
    const { name, type } = this.column;
    const wider = this.#format?.wider(text) ?? widerType(text, type);
    return {
      code: 'log/value',
      message: `Column "${name}" is of type ${type}: ${message}.`,
      hint: `Correct the file, or read column "${name}" as ${wider} (under ${columnTypesField.label}).`,
      fix: this.#isCast ? undefined : readAs(name, wider, this.#format?.entry ?? null),
    };
  }
}

function readAll(cells: readonly TypedCell[], textOf: (cell: TypedCell) => string | null): readonly Value[] | LineFault {
  const values: Value[] = [];
  for (const cell of cells) {
    const text = textOf(cell);
    const found = text === null ? null : cell.read(text);
    if (found?.ok === false) return cell.fault(found.message, text ?? '');
    values.push(found?.value ?? null);
  }
  return values;
}

function castAll(values: readonly Value[], given: readonly Column[], columns: readonly Column[]): readonly Value[] | LineFault {
  const result: Value[] = [];
  for (const [i, { name, type }] of columns.entries()) {
    const found = castValue(itemAt(values, i), type, itemAt(given, i).type);
    if (!found.ok) {
      const message = `Column "${name}" is of type ${type}: ${found.message}.`;
      return { code: 'log/value', message, hint: `Choose another type for it, under ${columnTypesField.label}.`, field: 'types' };
    }
    result.push(found.value);
  }
  return result;
}
