import { lastOf } from '../../../../model/faults/missing.ts';
import { MillraceError } from '../../../../model/problems/problem.ts';
import type { NodeId } from '../../../document/pipeline.ts';
import type { ColumnLayout } from '../../../operators/rows/column-layout.ts';
import type { FlowSnapshot } from '../flow-snapshot.ts';
import { type FromInstance, type InstanceHandle, type InstanceJob, type InstanceStats, transferOf } from './messages.ts';
import { Outbox } from './outbox.ts';

/** Messages that an instance may have before it: enough to keep it at work, and few, since rows wait in them. */
const mostUnderWay = 4;

export interface LinkListeners {
  /** What comes out of the instance. A promise is waited for before more of it is delivered. */
  onWork(work: Extract<FromInstance, { readonly kind: 'work' }>): void | Promise<void>;
  onFailed(error: unknown): void;
  onStats(): void;
  onTold(message: Extract<FromInstance, { readonly kind: 'failure' | 'log' | 'code' | 'guard' }>): void;
}

/** One instance as the data thread sees it: rows go there as long as it keeps up, and what comes back is delivered in order. */
export class Link {
  readonly box: Outbox;
  stats: InstanceStats | null = null;
  ticks = false;
  timed: readonly NodeId[] = [];
  readonly #handle: InstanceHandle;
  readonly #listeners: LinkListeners;
  #sent = 0;
  #done = 0;
  readonly #started = Promise.withResolvers<void>();
  /** Deliveries that take their time. None is made before `start`. */
  #tail: Promise<void> | null = null;
  #error: unknown = null;
  #isLost = false;
  /** What comes is of no interest any more. */
  #isAbandoned = false;
  #waiting: (() => void)[] = [];
  readonly #answers = new Map<string, (message: never) => void>();
  #nextId = 1;

  constructor(handle: InstanceHandle, forms: readonly ColumnLayout[], listeners: LinkListeners) {
    this.#handle = handle;
    this.#listeners = listeners;
    this.box = new Outbox(forms, (events) => {
      this.#sent++;
      handle.post({ kind: 'work', ...events }, transferOf(events));
    });
    this.#settle(this.#started.promise);
    handle.onMessage((message) => this.#receive(message));
    handle.onLost((error) => {
      this.#isLost = true;
      this.fail(error);
    });
  }

  open(job: InstanceJob): Promise<void> {
    this.#handle.post({ kind: 'open', job });
    return this.#answer<Extract<FromInstance, { kind: 'opened' }>>('opened').then(({ ticks, timed }) => {
      this.ticks = ticks;
      this.timed = timed;
    });
  }

  /** From now on what comes is delivered; resolves when that is done of what has come already. */
  async start(): Promise<void> {
    this.#started.resolve();
    while (this.#tail && !this.#error) await this.#tail;
    if (this.#error) throw this.#error;
  }

  /** Sends what is collected, where the instance has nothing to do. */
  nudge(): void {
    if (this.#done === this.#sent) this.box.flush();
  }

  /** Undefined where it keeps up. */
  room(): Promise<void> | undefined {
    if (this.#error) return Promise.reject(this.#error);
    return this.#sent - this.#done < mostUnderWay ? undefined : this.#until(() => this.#sent - this.#done < mostUnderWay);
  }

  /** Sends what is collected; resolves when all that was sent up to now is worked off, and what came of it delivered. */
  workOff(): Promise<void> {
    this.box.flush();
    const target = this.#sent;
    return this.#until(() => this.#done >= target);
  }

  get isIdle(): boolean {
    return this.box.isEmpty && this.#done === this.#sent;
  }

  async snapshot(checkpoint: number): Promise<FlowSnapshot> {
    this.#handle.post({ kind: 'snapshot', checkpoint });
    return (await this.#answer<Extract<FromInstance, { kind: 'snapshot' }>>('snapshot')).flow;
  }

  async recent(node: string, port: string, limit: number) {
    const id = this.#nextId++;
    this.#handle.post({ kind: 'recent', id, node, port, limit });
    return (await this.#answer<Extract<FromInstance, { kind: 'recent' }>>(`recent ${id}`)).rows;
  }

  committed(oldestKept: number): void {
    this.#handle.post({ kind: 'committed', oldestKept });
  }

  forget(): void {
    this.#handle.post({ kind: 'forget' });
  }

  /** Never throws: an instance that does not answer in time is ended wherever it is. */
  async close(withinMs: number): Promise<void> {
    this.abandon();
    if (!this.#isLost) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      this.#handle.post({ kind: 'close' });
      const closed = new Promise<void>((resolve) => {
        this.#answers.set('closed', () => resolve());
      });
      await Promise.race([closed, patience]);
      clearTimeout(timer);
    }
    await this.#handle.terminate().catch(() => {});
  }

  /** Nothing that it sends from now on is delivered. Whoever waits for it is told. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#error ??= new Error('The instance was given up');
    this.#started.resolve();
    this.#wake();
  }

  /** It is of no more use: whoever waits for it is told. */
  fail(error: unknown): void {
    if (this.#error) return;
    this.#error = error;
    this.#wake();
    this.#listeners.onFailed(error);
  }

  #receive(message: FromInstance): void {
    switch (message.kind) {
      case 'work':
      case 'done':
        if (this.#isAbandoned) break;
        if (this.#tail) this.#settle(this.#tail.then(() => this.#deliver(message)));
        else {
          try {
            const delivered = this.#deliver(message);
            if (delivered) this.#settle(delivered);
          } catch (error) {
            this.fail(error);
          }
        }
        break;
      case 'stats':
        this.stats = message.stats;
        this.#listeners.onStats();
        break;
      case 'opened':
      case 'snapshot':
      case 'closed':
        this.#answers.get(message.kind)?.(message as never);
        break;
      case 'recent':
        this.#answers.get(`recent ${message.id}`)?.(message as never);
        break;
      case 'failed':
        this.fail(new MillraceError(message.problem));
        break;
      default:
        this.#listeners.onTold(message);
    }
  }

  #deliver(message: Extract<FromInstance, { readonly kind: 'work' | 'done' }>): void | Promise<void> {
    if (this.#error) return undefined;
    if (message.kind === 'done') {
      this.#done++;
      this.nudge();
      this.#wake();
      return undefined;
    }
    const taken = this.#listeners.onWork(message);
    if (taken) return taken.then(() => this.#handle.post({ kind: 'taken' }));
    this.#handle.post({ kind: 'taken' });
    return undefined;
  }

  #settle(delivery: Promise<void>): void {
    const tail = delivery.then(
      () => {
        if (this.#tail === tail) this.#tail = null;
      },
      (error) => this.fail(error),
    );
    this.#tail = tail;
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#error) reject(this.#error);
        else if (isSo()) resolve();
        else this.#waiting.push(look);
      };
      look();
    });
  }

  #answer<M extends FromInstance>(name: string): Promise<M> {
    const answers: M[] = [];
    this.#answers.set(name, ((message: M) => {
      answers.push(message);
      this.#wake();
    }) as (message: never) => void);
    return this.#until(() => answers.length > 0).then(() => {
      this.#answers.delete(name);
      return lastOf(answers);
    });
  }

  #wake(): void {
    for (const look of this.#waiting.splice(0)) look();
  }
}
