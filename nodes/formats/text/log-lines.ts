/** Text whose lines, or entries, are read into columns. */

import type { RowFailure } from '@millrace/kit/node';
import type { Batch, Parser, Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { generatedFunction } from '../../../io/text/generated-function.ts';
import { rowLiteral } from '../../../io/text/row-code.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Row, Schema, Value } from '../../../model/values/types.ts';
import type { LineReader } from './line-readers.ts';

const rawLength = 10_000;

/**
 * A parser around one that gives text as the column `line`: a line that `reader` cannot read is a failure with its place; blank lines are
 * skipped.
 */
export class LogLinesParser implements Parser {
  readonly #texts: Parser;
  readonly #reader: LineReader;
  readonly #fail: (failure: RowFailure) => void;
  readonly #toRow: (values: readonly Value[], file: string) => Row;
  #file = '';

  /** `schema`: the columns of the reader, then the file column if there is one. */
  constructor(texts: Parser, reader: LineReader, schema: Schema, fileColumn: string | null, fail: (failure: RowFailure) => void) {
    this.#texts = texts;
    this.#reader = reader;
    this.#fail = fail;
    const names = schema.columns.map(({ name }) => name);
    const sources = names.map((name, i) => (name === fileColumn ? 'file' : `values[${i}]`));
    this.#toRow = generatedFunction<(values: readonly Value[], file: string) => Row>(
      {},
      `function toRow(values, file) { return ${rowLiteral(names, sources)}; }`,
    );
  }

  begin(file: InputFile, resumed: boolean): void {
    this.#file = file.name;
    this.#reader.begin?.(file);
    this.#texts.begin(file, resumed);
  }

  parse(window: Window, batch: Batch): void {
    while (batch.rows.length < batch.size) {
      const found: Batch = { rows: [], lines: [], size: batch.size - batch.rows.length };
      this.#texts.parse(window, found);
      for (const [i, { line: text }] of found.rows.entries()) this.#take(text as string, itemAt(found.lines, i), batch);
      if (found.rows.length < found.size) return;
    }
  }

  end(file: InputFile): void {
    this.#texts.end?.(file);
    this.#reader.end?.(file);
  }

  #take(text: string, line: number, batch: Batch): void {
    if (text.trim() === '') return;
    const values = this.#reader.read(text, line);
    if (!('code' in values)) {
      batch.rows.push(this.#toRow(values, this.#file));
      batch.lines.push(line);
      return;
    }
    const raw = text.length > rawLength ? `${text.slice(0, rawLength)}...` : text;
    const { fix, ...fault } = values;
    this.#fail({ ...fault, ...(fix && { fix }), row: { raw }, position: { source: this.#file, line } });
  }
}
