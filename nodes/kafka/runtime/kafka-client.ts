/** A connection to the brokers of a cluster: single requests, each told to one of them. Nothing is retried here: see kafka-patience.ts. */
import { readFileSync } from 'node:fs';
import { type API, type Connection, ConnectionPool, findCoordinatorV4, metadataV12 } from '@platformatic/kafka';
import type { MillraceError } from '../../../model/problems/problem.ts';
import { type Broker, brokersOf } from '../kafka-addresses.ts';
import { type ConnectionField, kafkaError } from './kafka-errors.ts';

/** Of a connection, secrets filled in. */
export interface KafkaParams {
  readonly brokers: string;
  readonly security: 'none' | 'tls' | 'login' | 'login-tls';
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly user: string;
  readonly password: string;
  readonly caFile: string | null;
  readonly registry: string | null;
  readonly registryUser: string | null;
  readonly registryPassword: string | null;
}
export interface TopicPartition {
  readonly leader: number;
  readonly leaderEpoch: number;
}
export interface Topic {
  readonly name: string;
  /** A UUID: another topic of the same name has another one. */
  readonly id: string;
  readonly isInternal: boolean;
  readonly partitions: readonly TopicPartition[];
}
export interface Cluster {
  readonly id: string | null;
  readonly brokers: number;
  readonly topics: ReadonlyMap<string, Topic>;
  /** Of those that were asked for. */
  readonly missing: readonly string[];
}
/** Which broker a request is for: any, or one by its id. */
export type Target = number | 'any';
export const coordinates = { group: 0, transaction: 1 } as const;

const connectTimeoutMs = 5000;
const requestTimeoutMs = 30_000;
const unknownTopic = 3;

export class KafkaClient {
  readonly #params: KafkaParams;
  readonly #isOfNode: boolean;
  readonly #seeds: readonly Broker[];
  readonly #pool: ConnectionPool;
  readonly #brokers = new Map<number, Broker>();
  #isClosed = false;

  /** `isOfNode`: problems of the connection name the field of a node, and not that of the connection itself. Throws a MillraceError. */
  constructor(params: KafkaParams, { isOfNode }: { readonly isOfNode: boolean }) {
    this.#params = params;
    this.#isOfNode = isOfNode;
    this.#seeds = brokersOf(params.brokers);
    try {
      this.#pool = new ConnectionPool('millrace', {
        connectTimeout: connectTimeoutMs,
        requestTimeout: requestTimeoutMs,
        ...securityOf(params),
      });
    } catch (error) {
      throw this.problem(error);
    }
    // The library takes its own listener away with the first one, and an event without a listener would end the process.
    this.#pool.on('connecting' as never, (({ connection }: { connection: Connection }) => connection.on('error', () => {})) as never);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What an error of a request is for users. Total. */
  problem(error: unknown): MillraceError {
    const field = (of: ConnectionField) => (this.#isOfNode ? 'connection' : of);
    return kafkaError(error, { brokers: this.#params.brokers, field });
  }

  /** Rejects with errors of the library: see `faultOf`. */
  async call<A extends unknown[], R>(target: Target, api: API<A, R>, ...args: A): Promise<R> {
    return api.async(await this.#connection(target), ...args);
  }

  async #connection(target: Target): Promise<Connection> {
    if (target === 'any') {
      // Those that the cluster named last, before those that somebody named once.
      const known = [...this.#brokers.values()];
      return this.#pool.getFirstAvailable([...known.filter((broker) => this.#pool.has(broker)), ...this.#seeds]);
    }
    if (!this.#brokers.has(target)) await this.cluster([]);
    const broker = this.#brokers.get(target);
    if (!broker) throw Object.assign(new Error(`broker ${target} is not there`), { code: 'PLT_KFK_NETWORK' });
    return this.#pool.get(broker);
  }

  /** What the cluster holds: these topics, or all of them. */
  async cluster(topics: readonly string[] | null): Promise<Cluster> {
    const answer = await this.call('any', metadataV12.api, topics === null ? null : [...topics], false, false).catch((error: unknown) => {
      const { response } = error as { response?: Awaited<ReturnType<typeof metadataV12.api.async>> };
      if (response) return response;
      throw error;
    });
    this.#brokers.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
    const found = new Map<string, Topic>();
    const missing: string[] = [];
    for (const { errorCode, name, topicId, isInternal, partitions } of answer.topics) {
      if (name === null || name === undefined) continue;
      if (errorCode === unknownTopic) missing.push(name);
      if (errorCode !== 0) continue;
      const list: TopicPartition[] = [];
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions) list[partitionIndex] = { leader: leaderId, leaderEpoch };
      found.set(name, { name, id: topicId, isInternal, partitions: list });
    }
    return { id: answer.clusterId ?? null, brokers: answer.brokers.length, topics: found, missing };
  }

  /** The broker that keeps a group's offsets, or the state of a transactional id. */
  async coordinator(kind: keyof typeof coordinates, key: string): Promise<number> {
    const { coordinators } = await this.call('any', findCoordinatorV4.api, coordinates[kind], [key]);
    const [found] = coordinators;
    if (!found) throw new Error('no coordinator');
    if (!this.#brokers.has(found.nodeId)) this.#brokers.set(found.nodeId, { host: found.host, port: found.port });
    return found.nodeId;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.close().catch(() => {});
  }
}

function securityOf({ security, mechanism, user, password, caFile }: KafkaParams): object {
  const hasTls = security === 'tls' || security === 'login-tls';
  const hasLogin = security === 'login' || security === 'login-tls';
  return {
    ...(hasTls && { tls: caFile ? { ca: readFileSync(caFile, 'utf8') } : {} }),
    ...(hasLogin && { sasl: { mechanism, username: user, password } }),
  };
}
