/** What the library, the network or a broker says went wrong, as problems that say what to do. */
import { MillraceError, NotConnected, Permanent } from '@millrace/kit/errors';
import type { Problem } from '../../../model/problems/problem.ts';

/** What is known of an error, its causes and its parts. */
export interface Fault {
  /** Codes of the system, of TLS and of the library. */
  readonly codes: ReadonlySet<string>;
  /** What brokers answered: `UNKNOWN_TOPIC_OR_PARTITION`. */
  readonly answers: ReadonlySet<string>;
  readonly message: string;
}

interface Told {
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

export function faultOf(error: unknown): Fault {
  const codes = new Set<string>();
  const answers = new Set<string>();
  let message = '';
  const visit = (each: unknown, depth: number): void => {
    if (typeof each !== 'object' || each === null || depth > 8) return;
    const { code, apiId, message: text, cause, errors } = each as Told;
    if (typeof code === 'string') codes.add(code);
    if (typeof apiId === 'string') answers.add(apiId);
    if (typeof text === 'string') message = text;
    if (Array.isArray(errors)) for (const part of errors) visit(part, depth + 1);
    visit(cause, depth + 1);
  };
  visit(error, 0);
  return { codes, answers, message: message || String(error) };
}

/** Answers that pass by themselves: a broker that starts, a partition whose leader moves, a transaction that is being ended. */
const passing = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'CONCURRENT_TRANSACTIONS',
  'THROTTLING_QUOTA_EXCEEDED',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
]);
const away = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTDOWN', 'ENETDOWN']);
const certificates = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT_ALTNAME_INVALID)/;

/** Whether trying again may help, once it had worked. */
export function passes(error: unknown): boolean {
  if (error instanceof MillraceError) return error.problem.behaviour === 'not-connected' || error.problem.behaviour === 'transient';
  const { codes, answers } = faultOf(error);
  if (isPermanent(codes, answers)) return false;
  if ([...answers].some((each) => passing.has(each))) return true;
  if (answers.size > 0) return false;
  return [...codes].some((code) => away.has(code)) || codes.has('PLT_KFK_NETWORK') || codes.has('PLT_KFK_TIMEOUT');
}

function isPermanent(codes: ReadonlySet<string>, answers: ReadonlySet<string>): boolean {
  if (answers.has('SASL_AUTHENTICATION_FAILED') || answers.has('UNSUPPORTED_SASL_MECHANISM')) return true;
  return codes.has('PLT_KFK_AUTHENTICATION') || [...codes].some((code) => certificates.test(code) || code.startsWith('ERR_SSL') || code === 'EPROTO');
}

/** The params of a connection that a problem may be about. */
export type ConnectionField = 'brokers' | 'security' | 'mechanism' | 'password' | 'caFile' | 'registry' | 'registryPassword';

export interface ErrorSettings {
  /** Where it connects to. */
  readonly brokers: string;
  /** The field that a problem of the connection names. */
  field(of: ConnectionField): string;
}

/** A MillraceError as it is, or what an error is for users. */
export function kafkaError(error: unknown, { brokers, field }: ErrorSettings): MillraceError {
  if (error instanceof MillraceError) return error;
  const { codes, answers, message } = faultOf(error);
  const of = (problem: Omit<Problem, 'severity'>, kind: new (problem: Omit<Problem, 'severity'>, options: ErrorOptions) => MillraceError = Permanent) =>
    new kind(problem, { cause: error });
  if (answers.has('UNSUPPORTED_SASL_MECHANISM'))
    return of({
      code: 'kafka/login',
      message: `The brokers at ${brokers} do not take passwords by this mechanism.`,
      hint: 'Choose another mechanism, or ask whoever runs the cluster.',
      field: field('mechanism'),
    });
  if (answers.has('SASL_AUTHENTICATION_FAILED') || codes.has('PLT_KFK_AUTHENTICATION'))
    return of({
      code: 'kafka/login',
      message: `The brokers at ${brokers} refuse the user and the password.`,
      hint: 'Correct the user, the password or the mechanism of the connection.',
      field: field('password'),
    });
  const certificate = [...codes].find((code) => certificates.test(code));
  if (certificate !== undefined)
    return of({
      code: 'kafka/certificate',
      message: `The certificate of the brokers at ${brokers} cannot be trusted: ${message}.`,
      hint: 'Name the file of the authority that has signed it in the connection, or the host as it stands in the certificate.',
      field: field('caFile'),
    });
  if ([...codes].some((code) => code.startsWith('ERR_SSL') || code === 'EPROTO') || /TLS/.test(message))
    return of({
      code: 'kafka/security',
      message: `The brokers at ${brokers} do not speak TLS as the connection expects: ${message}.`,
      hint: 'Choose the security that this listener has, or name the port of another listener.',
      field: field('security'),
    });
  if (answers.has('UNKNOWN_TOPIC_OR_PARTITION'))
    return of({ code: 'kafka/no-topic', message: 'The topic does not exist.', hint: 'Choose one of the topics of the cluster, or create it.', field: 'topic' });
  if ([...answers].some((each) => each.endsWith('AUTHORIZATION_FAILED')))
    return of({
      code: 'kafka/denied',
      message: `The brokers at ${brokers} do not allow this: ${message}`,
      hint: 'Ask whoever runs the cluster for the right, or use a connection with another user.',
      field: field('password'),
    });
  if (codes.has('ENOTFOUND') || codes.has('EAI_AGAIN'))
    return of(
      { code: 'kafka/unreachable', message: `No host has the name of ${brokers}: ${message}.`, hint: 'Correct the name of the host.', field: field('brokers') },
      NotConnected,
    );
  if (passes(error))
    return of(
      {
        code: 'kafka/unreachable',
        message: `No broker answers at ${brokers}: ${message}.`,
        hint: 'Check that it runs, and the host and the port. Brokers have to advertise addresses that this machine reaches.',
        field: field('brokers'),
      },
      NotConnected,
    );
  return new MillraceError({ code: 'kafka/failed', message: `Kafka refused: ${message}.`, hint: 'The log of the broker may say more.' }, { cause: error });
}
