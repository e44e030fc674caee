/** JSON files of either layout, each by its detected layout. */

import { openBytes } from '../../../io/files/byte-reader.ts';
import type { Batch, Parser, TextOptions, Window } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import type { Json } from '../../../model/values/types.ts';
import { JsonScanner } from './json-scanner.ts';

export interface JsonLayoutOptions {
  readonly layout: 'auto' | 'lines' | 'document';
  /** The keys that lead to the records. */
  readonly path: readonly string[];
}

const headBytes = 64 * 1024;
const nothing = Buffer.alloc(0);

export class JsonFiles implements Parser {
  readonly #parsers: { readonly [layout in 'lines' | 'document']: Parser };
  readonly #options: JsonLayoutOptions;
  readonly #text: TextOptions;
  #parser: Parser;

  constructor(parsers: { readonly [layout in 'lines' | 'document']: Parser }, options: JsonLayoutOptions, text: TextOptions) {
    this.#parsers = parsers;
    this.#options = options;
    this.#text = text;
    this.#parser = parsers.lines;
  }

  async open(file: InputFile): Promise<void> {
    this.#parser = this.#parsers[await layoutOf(file, this.#options, this.#text)];
  }

  begin(file: InputFile, resumed: boolean, state?: Json): void {
    this.#parser.begin(file, resumed, state);
  }

  parse(window: Window, batch: Batch): void {
    this.#parser.parse(window, batch);
  }

  state(): Json {
    return this.#parser.state?.() ?? null;
  }

  end(file: InputFile): void {
    this.#parser.end?.(file);
  }

  isBetweenRows(): boolean {
    return this.#parser.isBetweenRows?.() ?? true;
  }
}

export async function layoutOf(file: InputFile, { layout, path }: JsonLayoutOptions, text: TextOptions): Promise<'lines' | 'document'> {
  if (layout !== 'auto') return layout;
  if (path.length > 0) return 'document';
  const reader = await openBytes(file, { ...text, chunkSize: headBytes });
  try {
    return layoutOfText((await reader.next(nothing))?.toString('utf8') ?? '');
  } finally {
    await reader.close();
  }
}

/** By the beginning of a text: JSON Lines have an object on most of their lines. */
export function layoutOfText(head: string): 'lines' | 'document' {
  const text = head.trimStart();
  if (text.startsWith('[')) return 'document';
  const lines = text.split('\n');
  // A line that is cut off at the end of the head may be anything.
  const whole = (lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line.trim() !== '');
  const [first = ''] = whole;
  if (!text.startsWith('{') || isObject(first)) return 'lines';
  if (holdsSeveral(first) || beginsWithLongObject(text)) return 'document';
  return whole.length === 1 || whole.filter(isObject).length * 2 >= whole.length ? 'lines' : 'document';
}

/** Whether one value follows another in a line. */
function holdsSeveral(line: string): boolean {
  const bytes = Buffer.from(`${line}\n`);
  const first = new JsonScanner([], bytes.length).next(bytes, 0, true);
  return first.kind === 'record' && /^\s*[{[]/.test(bytes.toString('utf8', first.end));
}

/** Whether the first value spans several lines, and is complete. */
function beginsWithLongObject(text: string): boolean {
  const bytes = Buffer.from(text);
  const first = new JsonScanner([], bytes.length).next(bytes, 0, true);
  return first.kind === 'record' && bytes.toString('utf8', 0, first.end).trim().includes('\n');
}

function isObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
