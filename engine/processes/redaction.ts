/** Takes known secrets out of what is said: errors, logs, stack traces, in whatever form a library repeats them. The last line of defence. */

/** Shorter ones would be found in words that mean something else: they are taken out only where they stand alone. */
const shortest = 4;
const mark = '•••••';

export class Redactor {
  readonly #pattern: RegExp | null;

  constructor(secrets: Iterable<string>) {
    const forms = new Set([...secrets].flatMap(formsOf));
    // The longest first: a form may be the beginning of another.
    const sources = [...forms].sort((a, b) => b.length - a.length).map(sourceOf);
    this.#pattern = sources.length > 0 ? new RegExp(sources.join('|'), 'gi') : null;
  }

  text(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, mark) : text;
  }

  /** The same in all texts and keys of plain data. What holds no secret keeps its identity. */
  data<T>(value: T): T {
    return this.#pattern ? (this.#data(value) as T) : value;
  }

  /** In place: whoever holds the error, and prints its stack, finds nothing either. */
  error<T>(error: T): T {
    if (!this.#pattern || !(error instanceof Error)) return error;
    for (const part of ['message', 'stack'] as const) {
      const text = error[part];
      if (typeof text !== 'string' || this.text(text) === text) continue;
      try {
        error[part] = this.text(text);
      } catch {
        // It is frozen, and is told by its problem.
      }
    }
    return error;
  }

  #data(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#data(item));
      return items.every((item, i) => item === value[i]) ? value : items;
    }
    const entries = Object.entries(value);
    const changed = entries.map(([key, item]) => [this.text(key), this.#data(item)] as const);
    return changed.every(([key, item], i) => key === entries[i]?.[0] && item === entries[i]?.[1]) ? value : Object.fromEntries(changed);
  }
}

/** What libraries print in this thread goes to a log of its keeper: from now on without secrets. */
export function redactOutput(redactor: Redactor): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    stream.write = (chunk: unknown, ...rest: unknown[]) => write(typeof chunk === 'string' ? redactor.text(chunk) : chunk, ...rest);
  }
}

/** A secret as it is, and as it is written in addresses, JSON, headers and dumps. */
function formsOf(secret: string): string[] {
  if (secret === '') return [];
  if (secret.length < shortest) return [secret];
  const bytes = Buffer.from(secret, 'utf8');
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const whole = [
    secret,
    secret.trim(),
    ...secret.split(/\r?\n/),
    json,
    JSON.stringify(json).slice(1, -1),
    secret.replaceAll("'", "\\'"),
    url,
    url.replaceAll('%20', '+'),
    url.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
    encodeURI(secret),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    bytes.toString('hex'),
    ...base64Forms(bytes),
  ];
  return whole.filter((form) => form.length >= shortest);
}

/** Also within something longer, such as `user:password`: what depends on the secret alone, for each place that its first byte may have. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const inner = padded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')].filter((form) => form.length >= shortest + 1);
  });
}

function sourceOf(form: string): string {
  const source = form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return form.length < shortest ? `(?<![\\p{L}\\p{N}_])${source}(?![\\p{L}\\p{N}_])`.replaceAll('\\p{L}\\p{N}_', 'A-Za-z0-9_') : source;
}
