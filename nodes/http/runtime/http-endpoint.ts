/** A local address that accepts rows by POST. */

import { isUtf8 } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { SourceContext } from '@millrace/kit/node';
import { missing } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { bodyEncoding, unpacked } from './http-body.ts';
import { boundConnections } from './http-connections.ts';
import { type BodyKind, bodyKind, type Refusal } from './http-rows.ts';

export interface EndpointOptions {
  readonly port: number;
  /** `/rows` */
  readonly path: string;
  /** Of a request, both compressed and decompressed. */
  readonly maxBodyBytes: number;
  /** The secret that senders must know; null: any program on this machine may send. */
  readonly token: string | null;
  /** Whether there is no room for more rows now. */
  isFull(): boolean;
  /** Processes a body. If it throws, the answer is 503. */
  take(body: string, request: TakenRequest): Answer | Refusal | Promise<Answer | Refusal>;
}
export interface TakenRequest {
  readonly kind: BodyKind;
  /** The content type as it was sent; empty if there was none. */
  readonly type: string;
}
export interface Answer {
  readonly status: number;
  readonly answer: object;
}
type Context = Pick<SourceContext<unknown>, 'refuse' | 'log'>;

/** Loopback only: rows come from this machine. */
const host = '127.0.0.1';
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 5000;
const timeoutsCheckedEveryMs = 1000;
const fullToldEveryMs = 60_000;
const gentlyMs = 1000;
const rawLength = 1000;
const ownHosts = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

export class HttpEndpoint {
  readonly #options: EndpointOptions;
  readonly #context: Context;
  #server: Server | null = null;
  #fullToldAt = Number.NEGATIVE_INFINITY;

  constructor(options: EndpointOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  /** Returns the port, which is a free one if 0 was requested. Throws a MillraceError if it is taken. */
  async listen(): Promise<number> {
    const { port } = this.#options;
    // Loaded here, since every process loads every node, and few of them listen.
    const { createServer } = await import('node:http');
    const timeouts = { requestTimeout: requestTimeoutMs, headersTimeout: headersTimeoutMs, connectionsCheckingInterval: timeoutsCheckedEveryMs };
    const server = createServer(timeouts, (request, response) => {
      this.#answer(request, response).catch((error: Error) => this.#fail(response, error));
    });
    boundConnections(server);
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE';
        const message = taken ? `Port ${port} is taken by another program, or by another run.` : `Port ${port} cannot be opened: ${error.message}.`;
        reject(new MillraceError({ code: 'http/port', message, hint: 'Choose another port, or end what uses this one.', field: 'port' }));
      });
      server.listen(port, host, resolve);
    });
    return (server.address() as { port: number }).port;
  }

  close(): Promise<void> {
    const server = this.#server;
    return new Promise((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      // A request without an answer was not accepted: its sender knows that.
      server.closeAllConnections();
    });
  }

  /** Accepts no more connections, and lets pending answers reach their senders. */
  closeGently(): Promise<void> {
    const server = this.#server;
    return new Promise((resolve) => {
      if (!server) return resolve();
      const patience = setTimeout(() => server.closeAllConnections(), gentlyMs);
      server.close(() => {
        clearTimeout(patience);
        resolve();
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#check(request);
    if (refusal) return this.#refuse(request, response, refusal);
    if (this.#options.isFull()) return this.#tellFull(request, response);
    const sent = await this.#body(request);
    const { headers } = request;
    const body = sent && (await unpacked(sent, bodyEncoding(headers['content-encoding']) ?? missing('the encoding of the body'), this.#options.maxBodyBytes));
    if (body === null) return this.#refuse(request, response, this.#tooLarge());
    if ('status' in body) return this.#refuse(request, response, body);
    const text = utf8Of(body);
    if (text === null) return this.#refuse(request, response, notUtf8, body.toString('latin1'));
    const type = headers['content-type'] ?? '';
    const taken = await this.#options.take(text, { kind: bodyKind(type) ?? missing('the kind of the body'), type });
    if (!('answer' in taken)) return this.#refuse(request, response, taken, text);
    send(response, taken.status, taken.answer);
  }

  #check(request: IncomingMessage): Refusal | null {
    const { method, headers } = request;
    const { path, port, maxBodyBytes } = this.#options;
    const refusal = (status: number, code: ProblemCode, message: string, hint: string): Refusal => ({ status, code, message, hint });
    // A page in a browser on this machine can reach this address too, but it cannot omit or fake these headers.
    const { host: named = [] } = request.headersDistinct;
    if (named.length !== 1) {
      const how = named.length === 0 ? 'does not name its host' : 'names several hosts';
      return refusal(400, 'http/host', `The request ${how}.`, `Send one header "Host: ${host}:${port}".`);
    }
    const asked = pathOf(request.url ?? '/');
    if (asked === null) return refusal(400, 'http/address', `"${request.url}" is not an address of this server.`, `Rows are taken at ${path}.`);
    const absolute = hostOf(request.url ?? '/');
    for (const name of absolute === null ? named : [...named, absolute]) {
      if (!ownHosts.test(name)) return refusal(403, 'http/host', `"${name}" is not this machine.`, `Use http://${host}.`);
    }
    if (headers.origin !== undefined) return refusal(403, 'http/origin', 'Web pages may not send rows here.', 'Send them from a program.');
    if (!this.#isAllowed(headers.authorization)) {
      const hint = "Send the header 'Authorization: Bearer TOKEN' with the token that the source names.";
      return refusal(
        401,
        'http/token',
        headers.authorization === undefined ? 'A token is asked for here.' : 'This is not the token that is asked for here.',
        hint,
      );
    }
    if (asked !== path) return refusal(404, 'http/path', `There is nothing at ${request.url}.`, `Rows are taken at ${path}.`);
    if (method !== 'POST') return refusal(405, 'http/method', `${method} is not possible here.`, 'Send rows by POST.');
    if (bodyKind(headers['content-type']) === null) {
      return refusal(
        415,
        'http/type',
        `"${headers['content-type'] ?? ''}" is not accepted here.`,
        'Use the type application/json, application/x-ndjson for one object a line, or application/x-www-form-urlencoded for a form.',
      );
    }
    if (bodyEncoding(headers['content-encoding']) === null) {
      return refusal(
        415,
        'http/encoding',
        `"${headers['content-encoding']}" is not an encoding that is accepted here.`,
        'Send the body as it is, or by gzip, deflate or br.',
      );
    }
    return Number(headers['content-length'] ?? 0) > maxBodyBytes ? this.#tooLarge() : null;
  }

  #tooLarge(): Refusal {
    const megabytes = this.#options.maxBodyBytes / 1024 / 1024;
    return {
      status: 413,
      code: 'http/too-large',
      message: `The request is larger than ${megabytes} MB.`,
      hint: 'Send fewer rows at a time, or raise the limit.',
    };
  }

  /** In constant time, so that the token cannot be found letter by letter. */
  #isAllowed(authorization: string | undefined): boolean {
    const { token } = this.#options;
    if (token === null) return true;
    const given = /^Bearer +(.*)$/i.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(given), digest(token));
  }

  /** Null for one that is too large. */
  async #body(request: IncomingMessage): Promise<Buffer | null> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.#options.maxBodyBytes) return null;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #tellFull(request: IncomingMessage, response: ServerResponse): void {
    if (performance.now() - this.#fullToldAt > fullToldEveryMs) {
      this.#fullToldAt = performance.now();
      this.#context.log('warning', 'The inbox is full: senders are asked to wait (429) until the pipeline has caught up.');
    }
    response.setHeader('Retry-After', '1');
    close(request, response);
    send(response, 429, { error: { code: 'http/full', message: 'There is no room for more rows now.', hint: 'Send them again in a second.' } });
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal, body?: string): void {
    const { status, rows, ...problem } = refusal;
    this.#context.refuse({ ...problem, ...(body !== undefined && { row: { raw: body.length > rawLength ? `${body.slice(0, rawLength)}...` : body } }) });
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (status === 405) response.setHeader('Allow', 'POST');
    close(request, response);
    send(response, status, { error: { ...problem, ...(rows && { rows }) } });
  }

  #fail(response: ServerResponse, error: Error): void {
    if (response.destroyed || response.headersSent) return;
    this.#context.log('warning', `A request was not taken: ${error.message}`);
    send(response, 503, { error: { code: 'http/not-stored', message: error.message, hint: 'Nothing was taken: send it again later.' } });
  }
}

const notUtf8: Refusal = {
  status: 400,
  code: 'http/not-utf8',
  message: 'The body is not valid UTF-8.',
  hint: 'Send text in UTF-8: other bytes would be stored as other characters than were sent.',
};

/** Null if there are bytes that are not text. */
function utf8Of(body: Buffer): string | null {
  return isUtf8(body) ? body.toString('utf8') : null;
}

function pathOf(url: string): string | null {
  try {
    return new URL(url, 'http://localhost').pathname;
  } catch {
    return null;
  }
}

/** The host of a request's full address, as sent to proxies. */
function hostOf(url: string): string | null {
  return /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A body that is not read must not be sent to its end. */
function close(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  response.setHeader('Connection', 'close');
  response.once('finish', () => request.destroy());
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' }).end(`${JSON.stringify(answer)}\n`);
}
