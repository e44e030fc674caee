/** A real Kafka broker for tests: one KRaft node on loopback, fetched by Maven once and kept in the user's cache folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const version = '4.4.0';
const cache = join(process.env['MILLRACE_SERVERS_CACHE'] ?? join(homedir(), '.cache', 'millrace-servers'), `kafka-${version}`);
const libraries = join(cache, 'libs');
/** What the slow steps of a first start leave: formatted storage with its users, a key and its certificate. */
const template = join(cache, 'template');
const startTimeoutMs = 120_000;

/** Who may log in at the SASL listener, by PLAIN and SCRAM-SHA-256. */
export const kafkaUser = { user: 'alice', password: 'alice-secret' } as const;

export interface Kafka {
  /** `127.0.0.1:port`, each with another way in. */
  readonly brokers: string;
  readonly saslBrokers: string;
  readonly tlsBrokers: string;
  /** The certificate that the TLS listener's clients have to trust: a PEM file. */
  readonly caFile: string;
  /** Ends it at once, as a power failure would; its data stays. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Why it cannot be had here, or null. */
export function whyMissing(): string | null {
  for (const [command, flag] of [
    ['java', '-version'],
    ['mvn', '-v'],
  ] as const) {
    if (command === 'mvn' && existsSync(libraries)) continue;
    if (spawnSync(command, [flag]).status !== 0) return `Kafka needs ${command}, which is not installed`;
  }
  return null;
}

/** Downloads what it needs, if that is not there yet. */
export function provideKafka(): void {
  if (existsSync(template)) return;
  mkdirSync(cache, { recursive: true });
  if (!existsSync(libraries)) {
    const dependency = (group: string, artifact: string, number: string) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${number}</version></dependency>`;
    const wanted = dependency('org.apache.kafka', 'kafka_2.13', version) + dependency('org.slf4j', 'slf4j-nop', '1.7.36');
    const head = '<modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>servers</artifactId><version>1</version>';
    writeFileSync(join(cache, 'pom.xml'), `<project xmlns="http://maven.apache.org/POM/4.0.0">${head}<dependencies>${wanted}</dependencies></project>`);
    const aside = `${libraries}.${process.pid}`;
    run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${aside}`]);
    settle(aside, libraries);
  }
  const aside = `${template}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  const store = join(aside, 'key.p12');
  const key = ['-storetype', 'PKCS12', '-keystore', store, '-storepass', storePassword, '-alias', 'kafka'];
  run('keytool', [
    '-genkeypair',
    ...key,
    '-keyalg',
    'RSA',
    '-keysize',
    '2048',
    '-validity',
    '3650',
    '-dname',
    'CN=localhost',
    '-ext',
    'SAN=ip:127.0.0.1,dns:localhost',
  ]);
  run('keytool', ['-exportcert', '-rfc', ...key, '-file', join(aside, 'ca.pem')]);
  const properties = join(aside, 'format.properties');
  writeFileSync(properties, propertiesOf(aside, { plain: 1, sasl: 2, tls: 3, controller: 4 }));
  const { user, password } = kafkaUser;
  const format = ['kafka.tools.StorageTool', 'format', '-t', '4L6g3nShT-eMCtK--X86sw', '-c', properties];
  run('java', ['-cp', join(libraries, '*'), ...format, '--add-scram', `SCRAM-SHA-256=[name=${user},password=${password}]`]);
  settle(aside, template);
}

/** `folder` gets its data and its log. By itself it starts soon; `isForSpeed` is for measurements. */
export async function startKafka(folder: string, { isForSpeed = false }: { readonly isForSpeed?: boolean } = {}): Promise<Kafka> {
  provideKafka();
  mkdirSync(folder, { recursive: true });
  cpSync(template, folder, { recursive: true });
  const [plain, sasl, tls, controller] = (await freePorts(4)) as [number, number, number, number];
  const properties = join(folder, 'server.properties');
  writeFileSync(properties, propertiesOf(folder, { plain, sasl, tls, controller }));
  let broker: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    const output = openSync(join(folder, 'broker.log'), 'a');
    const heap = ['-Xms128m', '-Xmx512m', ...(isForSpeed ? [] : ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'])];
    broker = spawn('java', [...heap, '-cp', join(libraries, '*'), 'kafka.Kafka', properties], { stdio: ['ignore', output, output] });
    const started = broker;
    process.once('exit', () => started.kill('SIGKILL'));
    const deadline = Date.now() + startTimeoutMs;
    while (!(await isOpen(plain))) {
      if (started.exitCode !== null || Date.now() > deadline)
        throw new Error(`Kafka did not start:\n${readFileSync(join(folder, 'broker.log'), 'utf8').slice(-3000)}`);
      await sleep(50);
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = broker;
    broker = null;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const gone = new Promise((resolve) => ended.once('exit', resolve));
    ended.kill(signal);
    await gone;
  };
  await start();
  return {
    brokers: `127.0.0.1:${plain}`,
    saslBrokers: `127.0.0.1:${sasl}`,
    tlsBrokers: `127.0.0.1:${tls}`,
    caFile: join(folder, 'ca.pem'),
    kill: () => end('SIGKILL'),
    restart: start,
    // What it would write on its way out nobody reads.
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const storePassword = 'millrace';

interface Ports {
  readonly plain: number;
  readonly sasl: number;
  readonly tls: number;
  readonly controller: number;
}

function propertiesOf(folder: string, { plain, sasl, tls, controller }: Ports): string {
  const { user, password } = kafkaUser;
  const listeners = `PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},SSL://127.0.0.1:${tls}`;
  const login = (module: string, rest = '') => `org.apache.kafka.common.security.${module} required${rest};`;
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': login('plain.PlainLoginModule', ` user_${user}="${password}"`),
    'listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config': login('scram.ScramLoginModule'),
    'ssl.keystore.location': join(folder, 'key.p12'),
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.password': storePassword,
    'log.dirs': join(folder, 'data'),
    'num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // A broker that was killed is let in again only when its last session is over.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 300,
    'auto.create.topics.enable': false,
    // Segments that are deleted by a test are to go soon.
    'log.retention.check.interval.ms': 1000,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function run(command: string, words: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: cache, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed:\n${stdout}${stderr}`);
}

/** Another process may have been faster. */
function settle(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
    rmSync(from, { recursive: true, force: true });
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1');
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}
