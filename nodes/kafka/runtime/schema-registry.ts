/** The schema registry beside a cluster: schemas by their ids, and by the subjects under which they are kept. */
import { type MillraceError, NotConnected, Permanent } from '@millrace/kit/errors';
import type { KafkaParams } from './kafka-client.ts';

export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';
export interface RegisteredSchema {
  readonly id: number;
  readonly type: SchemaType;
  readonly text: string;
  /** Schemas that it names, by the name that it gives them. */
  readonly references: readonly { readonly name: string; readonly text: string }[];
}
interface Answer {
  readonly id?: number;
  readonly schema?: string;
  readonly schemaType?: SchemaType;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

const timeoutMs = 10_000;
const contentType = 'application/vnd.schemaregistry.v1+json';
const subjectUnknown = 404;

export class SchemaRegistry {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;
  readonly #isOfNode: boolean;
  readonly #byId = new Map<number, Promise<RegisteredSchema>>();

  /** Throws a MillraceError where the connection names none. */
  constructor({ registry, registryUser, registryPassword }: KafkaParams, signal: AbortSignal, { isOfNode }: { readonly isOfNode: boolean }) {
    this.#isOfNode = isOfNode;
    if (!registry || !URL.canParse(registry))
      throw new Permanent({
        code: 'kafka/no-registry',
        message: registry ? `"${registry}" is no address of a schema registry.` : 'The connection names no schema registry.',
        hint: 'Add its address to the connection, such as http://localhost:8081.',
        field: this.#field('registry'),
      });
    this.#url = registry.replace(/\/+$/, '');
    const login = registryUser ? `Basic ${Buffer.from(`${registryUser}:${registryPassword ?? ''}`).toString('base64')}` : null;
    this.#headers = { accept: contentType, ...(login && { authorization: login }) };
    this.#signal = signal;
  }

  async subjects(): Promise<string[]> {
    return this.#get<string[]>('/subjects');
  }

  schema(id: number): Promise<RegisteredSchema> {
    const known = this.#byId.get(id);
    if (known) return known;
    const found = this.#get(`/schemas/ids/${id}`).then((answer) => this.#complete(answer, id));
    this.#byId.set(id, found);
    // What failed is asked for again.
    found.catch(() => this.#byId.delete(id));
    return found;
  }

  /** The newest of a subject; null where there is no such subject. */
  async latest(subject: string): Promise<RegisteredSchema | null> {
    const answer = await this.#request(`/subjects/${encodeURIComponent(subject)}/versions/latest`);
    if (answer.status === subjectUnknown) return null;
    const found = await this.#complete((await answer.json()) as Answer, null);
    this.#byId.set(found.id, Promise.resolve(found));
    return found;
  }

  /** Gives the id under which the registry keeps it, the same for the same schema. */
  async register(subject: string, type: SchemaType, text: string): Promise<number> {
    const body = JSON.stringify({ schema: text, ...(type !== 'AVRO' && { schemaType: type }) });
    const answer = await this.#request(`/subjects/${encodeURIComponent(subject)}/versions`, { method: 'POST', body });
    const { id } = (await answer.json()) as Answer;
    if (typeof id !== 'number') throw this.#refused(`gave no id for "${subject}"`);
    return id;
  }

  async #complete({ id, schema, schemaType = 'AVRO', references = [] }: Answer, asked: number | null): Promise<RegisteredSchema> {
    if (typeof schema !== 'string') throw this.#refused('gave no schema');
    const named: { name: string; text: string }[] = [];
    for (const { name, subject, version } of references) {
      const found = await this.#complete(await this.#get(`/subjects/${encodeURIComponent(subject)}/versions/${version}`), null);
      named.push(...found.references, { name, text: found.text });
    }
    return { id: asked ?? id ?? -1, type: schemaType, text: schema, references: named };
  }

  async #get<T = Answer>(path: string): Promise<T> {
    const answer = await this.#request(path);
    if (answer.status === subjectUnknown) throw this.#refused(`knows nothing at ${path}`);
    return (await answer.json()) as T;
  }

  /** An answer that is fine, or 404. */
  async #request(path: string, options: { readonly method?: string; readonly body?: string } = {}): Promise<Response> {
    let answer: Response;
    try {
      const headers = options.body ? { ...this.#headers, 'content-type': contentType } : this.#headers;
      answer = await fetch(`${this.#url}${path}`, { ...options, headers, signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]) });
    } catch (error) {
      const cause = (error as { cause?: { message?: string } }).cause?.message ?? (error as Error).message;
      throw new NotConnected(
        {
          code: 'kafka/registry-away',
          message: `The schema registry at ${this.#url} does not answer: ${cause}.`,
          hint: 'Check that it runs, and its address in the connection.',
          field: this.#field('registry'),
        },
        { cause: error },
      );
    }
    if (answer.ok || (answer.status === subjectUnknown && options.method === undefined)) return answer;
    if (answer.status === 401 || answer.status === 403)
      throw new Permanent({
        code: 'kafka/registry-login',
        message: `The schema registry at ${this.#url} refuses the user and the password.`,
        hint: 'Correct them in the connection.',
        field: this.#field('registryPassword'),
      });
    const text = (await answer.text().catch(() => '')).slice(0, 300);
    if (answer.status >= 500)
      throw new NotConnected({
        code: 'kafka/registry-away',
        message: `The schema registry at ${this.#url} is in trouble: ${answer.status} ${text}`,
        hint: 'Look at its log.',
        field: this.#field('registry'),
      });
    throw this.#refused(`refused: ${answer.status} ${text}`);
  }

  #refused(what: string): MillraceError {
    return new Permanent({
      code: 'kafka/registry-refused',
      message: `The schema registry at ${this.#url} ${what}.`,
      hint: 'Look at the subject in the registry.',
      field: this.#field('registry'),
    });
  }

  #field(field: 'registry' | 'registryPassword'): string {
    return this.#isOfNode ? 'connection' : field;
  }
}
