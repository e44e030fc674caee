import { defineConnection } from '@millrace/kit/connection';
import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { addressesOf } from './kafka-addresses.ts';

const code = loaded(() => import('./runtime/kafka-check.ts'));
const withLogin = { param: 'security', is: ['login', 'login-tls'] } as const;
const withTls = { param: 'security', is: ['tls', 'login-tls'] } as const;

export default defineConnection({
  type: 'kafka',
  title: 'Kafka',
  summary: 'A Kafka cluster, with the schema registry beside it if there is one.',
  icon: 'arrows-split',
  version: 1,
  docs: `
Any Kafka of version 3.1 or newer, and what speaks its protocol. Name one broker or several, separated by commas: they tell the others
of the cluster. Millrace connects to the addresses that the brokers advertise, which have to be reachable from this machine.

**Security** is how the listener is set up: \`PLAINTEXT\` is none, \`SSL\` is TLS, \`SASL_PLAINTEXT\` and \`SASL_SSL\` ask for a user and a
password. Cloud services mostly want a password over TLS with the mechanism PLAIN.

**Schema registry**: needed for Avro and Protobuf. Confluent's, Apicurio's (with \`/apis/ccompat/v7\` at the end) and Karapace speak the
same protocol.
`,
  params: {
    brokers: f.text({ label: 'Brokers', placeholder: 'localhost:9092', help: 'host:port, several separated by commas.' }),
    security: f.choice({
      label: 'Security',
      default: 'none',
      options: [
        { value: 'none', label: 'None' },
        { value: 'tls', label: 'TLS' },
        { value: 'login', label: 'User and password', help: 'Without TLS the password may be read on the way: for trusted networks alone.' },
        { value: 'login-tls', label: 'User and password over TLS' },
      ],
    }),
    mechanism: f.choice({
      label: 'Mechanism',
      default: 'PLAIN',
      options: [
        { value: 'PLAIN', label: 'PLAIN' },
        { value: 'SCRAM-SHA-256', label: 'SCRAM-SHA-256' },
        { value: 'SCRAM-SHA-512', label: 'SCRAM-SHA-512' },
      ],
      when: withLogin,
    }),
    user: f.text({ label: 'User', when: withLogin }),
    password: f.secret({ label: 'Password', when: withLogin }),
    caFile: f.file({
      label: 'Certificate authority',
      mode: 'open',
      extensions: ['pem', 'crt', 'cer'],
      optional: true,
      help: 'A PEM file with an absolute path, for brokers whose certificate no public authority has signed.',
      when: withTls,
    }),
    registry: f.text({ label: 'Schema registry', optional: true, placeholder: 'http://localhost:8081', group: 'Schema registry' }),
    registryUser: f.text({ label: 'User of the registry', optional: true, group: 'Schema registry' }),
    registryPassword: f.secret({ label: 'Password of the registry', optional: true, group: 'Schema registry' }),
  },
  card: ({ brokers }) => brokers || 'No broker named',
  reaches: addressesOf,
  code,
  test: (context) => code().testKafka(context),
  entries: (what, of, context) => code().kafkaEntries(what, of, context),
});
