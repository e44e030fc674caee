import { defineConnection } from '@millrace/kit/connection';
import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';

const code = loaded(() => import('./runtime/connection-test.ts'));

export default defineConnection({
  type: 'mysql',
  title: 'MySQL or MariaDB',
  summary: 'A database of a MySQL or MariaDB server.',
  icon: 'database',
  version: 1,
  docs: `
A database of a MariaDB server (10.4 or later) or a MySQL server (5.7 or later). The password is kept as a secret, apart from the other settings.

**Encryption.** *Verify the server* is right for servers whose certificate is issued by a public authority; for one of your own, give
the certificate of that authority. *Without verification* encrypts, but anybody on the way can pose as the server.

Sessions have the time zone UTC and the strict SQL mode, whatever the server's own settings are: no value is cut or rounded to fit.
`,
  params: {
    host: f.text({ label: 'Host', default: 'localhost', placeholder: 'db.example.com' }),
    port: f.number({ label: 'Port', default: 3306, min: 1, max: 65_535, integer: true }),
    database: f.text({ label: 'Database', placeholder: 'shop' }),
    user: f.text({ label: 'User', default: 'root' }),
    password: f.secret({ label: 'Password', optional: true }),
    tls: f.choice({
      label: 'Encryption',
      default: 'verify',
      options: [
        { value: 'verify', label: 'Verify the server' },
        { value: 'unverified', label: 'Without verification (unsafe)', help: 'Anybody between here and the server can read and change what is sent.' },
        {
          value: 'off',
          label: 'None (unsafe beyond this machine)',
          help: 'What is sent can be read on the way. The password itself is not sent in plain text.',
        },
      ],
    }),
    ca: f.text({
      label: 'Certificate authority',
      help: 'The certificate that the server must be signed by, as text in PEM form. Empty: the public authorities.',
      multiline: true,
      optional: true,
      when: { param: 'tls', is: ['verify'] },
    }),
    options: f.keyValue({
      label: 'Session settings',
      help: 'Variables of the server for each session, such as innodb_lock_wait_timeout.',
      keyLabel: 'Setting',
      valueLabel: 'Value',
      default: {},
      advanced: true,
    }),
  },
  card: ({ user, host, port, database }) => `${database || 'No database named'} at ${host}:${port}, as ${user}`,
  reaches: ({ host, port }) => [host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`],
  code,
  test: (context) => code().testConnection(context),
  entries: (what, of, context) => code().entriesOf(what, of, context),
});
