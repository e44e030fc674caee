/** Rows of CSV files that may differ in their dialect and columns: each file's head is read first, and columns are matched by name. */

import type { SourceContext } from '@millrace/kit/node';
import type { Batch, Parser, Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Json, Schema } from '../../../model/values/types.ts';
import { columnNames, readCsvHead } from './csv-head.ts';
import { type CsvFormat, CsvParser, headerMismatch } from './csv-parser.ts';
import type { CsvHeadOptions } from './csv-sample.ts';

export class CsvFiles implements Parser {
  readonly #output: Schema;
  readonly #options: CsvHeadOptions;
  readonly #format: Pick<CsvFormat, 'maxRecordBytes' | 'cast'>;
  readonly #fileColumn: string | null;
  readonly #areSeveral: boolean;
  readonly #context: Pick<SourceContext<unknown>, 'fail' | 'log' | 'signal'>;
  /** By the dialect of a file's head; most files share one. */
  readonly #parsers = new Map<string, CsvParser>();
  readonly #zeros: NonNullable<CsvFormat['zeros']> = new Map();
  #parser!: CsvParser;

  /** `output`: the columns of all files, then the file column if there is one. Each of several files may lack some. */
  constructor(
    output: Schema,
    options: CsvHeadOptions,
    format: Pick<CsvFormat, 'maxRecordBytes' | 'cast'>,
    files: { readonly column: string | null; readonly areSeveral: boolean },
    context: Pick<SourceContext<unknown>, 'fail' | 'log' | 'signal'>,
  ) {
    this.#output = output;
    this.#options = options;
    this.#format = format;
    this.#fileColumn = files.column;
    this.#areSeveral = files.areSeveral;
    this.#context = context;
  }

  async open(file: InputFile): Promise<void> {
    const head = await readCsvHead(file, this.#options, this.#options.header ? 0 : 1);
    const key = JSON.stringify([head.names, head.rows[0]?.length, head.dialect, head.skip, head.guessedComment]);
    let parser = this.#parsers.get(key);
    if (!parser) {
      const { header, nullText, formats, width } = this.#options;
      const { dialect, skip, guessedComment } = head;
      const format = { ...this.#format, dialect, skip, guessedComment, header, nullText, ...(formats && { formats }), width, zeros: this.#zeros };
      parser = new CsvParser(this.#schemaOf(file, columnNames(head)), head.names, format, this.#fileColumn, this.#context.fail, this.#output);
      this.#parsers.set(key, parser);
    }
    this.#parser = parser;
  }

  begin(file: InputFile, resumed: boolean): void {
    this.#parser.begin(file, resumed);
  }

  parse(window: Window, batch: Batch): void {
    this.#parser.parse(window, batch);
  }

  end(file: InputFile): void {
    this.#parser.end(file);
    const { short, long } = this.#parser.fitted;
    const rows = (count: number) => (count === 1 ? 'One row' : `${thousands(count)} rows`);
    if (short > 0) this.#context.log('warning', `${rows(short)} of ${file.name} had too few fields: what was missing is null.`);
    if (long > 0) this.#context.log('warning', `${rows(long)} of ${file.name} had too many fields: the extra ones were left out.`);
  }

  isBetweenRows(): boolean {
    return this.#parser.isBetweenRows();
  }

  /** The number of decimals of its columns so far: see `TrailingZeros`. */
  told(): Json {
    return Object.fromEntries([...this.#zeros].map(([column, { places, matter }]) => [column, { places, matter }]));
  }

  /** The columns of a file in its own order, with their types in the output. */
  #schemaOf(file: InputFile, names: readonly string[]): Schema {
    const columns = this.#output.columns.filter(({ name }) => name !== this.#fileColumn);
    const expected = columns.map(({ name }) => name);
    const isUnknown = names.some((name) => !expected.includes(name));
    if (isUnknown || (!this.#areSeveral && names.length !== expected.length)) throw headerMismatch(file, expected, file, names);
    if (names.join('\n') === expected.join('\n')) return this.#output;
    const own = names.map((name) => itemAt(columns, expected.indexOf(name)));
    const [fileColumn] = this.#output.columns.filter(({ name }) => name === this.#fileColumn);
    return { columns: fileColumn ? [...own, fileColumn] : own };
  }
}
