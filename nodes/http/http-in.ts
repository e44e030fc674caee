import { f } from '@millrace/kit/fields';
import { loaded } from '@millrace/kit/loaded';
import { defineNode } from '@millrace/kit/node';
import { variableReference } from '../../model/text/secret-reference.ts';
import { declaredColumnsField, declaredOutput } from '../formats/line-fields.ts';

const { when: _, help: __, ...columns } = declaredColumnsField;

const code = loaded(() => import('./runtime/http-source.ts'));

export default defineNode({
  type: 'http-in',
  kind: 'source',
  title: 'HTTP in',
  summary: 'Receives rows that programs on this machine send by POST.',
  category: 'Network',
  icon: 'world',
  version: 2,
  migrations: [
    {
      to: 2,
      name: 'the token is a secret',
      migrate: ({ token, ...params }) => ({ ...params, ...(typeof token === 'string' && token !== '' && { token: variableReference(token) }) }),
    },
  ],
  keywords: ['webhook', 'post', 'rest', 'api', 'ingest', 'server', 'endpoint'],
  docs: `
Listens at an address on this machine, such as \`http://127.0.0.1:8700/rows\`, and turns the data sent there into rows:

\`\`\`
curl -H 'Content-Type: application/json' -d '[{"sensor": "a", "value": 1.5}]' http://127.0.0.1:8700/rows
\`\`\`

**Listen for a sample** waits for a first request, shows it, and sets the columns and the path to the records from it. It answers 503: nothing was stored, and the sender should send the rows again.

### Requests
| sent as | contains |
|---|---|
| \`application/json\` | one object, or a list of objects |
| \`application/x-ndjson\` | one object per line |
| \`application/x-www-form-urlencoded\` | the fields of a form, which are one row |

Other JSON types, such as \`application/cloudevents+json\`, are read as JSON. So is JSON whose type is \`text/plain\`, a form (the default of \`curl -d\`), or missing. Bodies may be compressed (\`Content-Encoding: gzip\`).

If the rows are nested in an object, **Path to the records** says where: \`data.items\` reads \`{"data": {"items": [...]}}\`, and \`payload\` reads a form whose field of that name contains JSON.

### Answers
The answer \`200 {"accepted": 1}\` is sent when the rows are on disk, in the inbox file. They stay there until a checkpoint of the run contains them, and after a crash they are read from there again. A request is accepted as a whole or not at all.

| answer | reason |
|---|---|
| 400 | not valid JSON or not valid UTF-8; nothing at the path to the records; or a value for none of the columns |
| 401 | the token is missing or wrong |
| 413 | larger than the limit |
| 415 | another type or encoding |
| 422 | rows do not fit the columns, or have a key twice: the answer names the first ten |
| 429 | the inbox is full, because the pipeline is slower than the senders: send it again in a second |
| 503 | the inbox cannot be written (the disk is full): nothing was stored |

A refused request counts as a failed row of this node, is shown with its reason, and never ends the run. A row that was accepted and fails later, such as one without a required time, is kept in the errors table and the stream continues. This is the default for the nodes downstream of this source, unless their *When a row fails* says otherwise.

### Who may send
Only programs on this machine reach the address; web pages in a browser are refused. Without a token, every program of every user of this machine may send rows. With a token, only those that send it:

\`\`\`
curl -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '[{"sensor": "a"}]' http://127.0.0.1:8700/rows
\`\`\`

The pipeline contains the name of a secret, never the token itself: \`millrace secrets set intake_token\` stores one. On a server,
\`MILLRACE_SECRET_INTAKE_TOKEN=... millrace run FILE\` gives it instead. Pipelines of older versions name an environment variable of their
own, which is still read.
`,
  outputs: [{ name: 'rows' }],
  bounded: false,
  params: {
    port: f.number({ label: 'Port', default: 8700, min: 1, max: 65_535, integer: true }),
    path: f.text({ label: 'Path', default: '/rows', pattern: '/[A-Za-z0-9/_.~-]*', help: 'What follows the port. It begins with / and has no spaces.' }),
    columns: { ...columns, help: 'The keys of the objects that are sent.' },
    records: f.text({
      label: 'Path to the records',
      optional: true,
      placeholder: 'data.items',
      help: 'Where the rows are within what is sent: data for {"data": {...}}, payload for a form with such a field. Empty: what is sent are the rows.',
    }),
    extra: f.choice({
      label: 'Keys that are not columns',
      default: 'ignore',
      options: [
        { value: 'ignore', label: 'Leave them out' },
        { value: 'error', label: 'Refuse the request' },
      ],
    }),
    token: f.secret({
      label: 'Token',
      default: '',
      help: 'What senders must know. Empty: any user of this machine may send rows.',
    }),
    inbox: f.file({
      label: 'Inbox file',
      mode: 'save',
      extensions: ['db'],
      default: 'inbox.db',
      help: 'Rows wait here until a checkpoint holds them.',
      advanced: true,
    }),
    capacity: f.number({ label: 'Room in the inbox', default: 100_000, min: 1, integer: true, unit: 'rows', advanced: true }),
    maxBody: f.number({ label: 'Largest request', default: 10, min: 1, max: 256, unit: 'MB', advanced: true }),
  },
  card: ({ port, path }) => `127.0.0.1:${port}${path}`,
  address,
  onError: 'keep',
  infer: ({ params }) =>
    declaredOutput(params.columns, { format: 'jsonl', pattern: '' }, 'Click "Listen for a sample" to take them from a first request, or add them here.'),
  reads: ({ inbox }) => [inbox],
  listens: (params) => [address(params)],
  code,
  listen: (context) => code().listenForRows(context),
  // The columns are declared; waiting rows are looked at again when the inbox has changed.
  discover: async ({ params, path }) => {
    const inbox = path(params.inbox);
    return { schema: null, dependsOn: [inbox, `${inbox}-wal`] };
  },
  run: (context) => code().openHttp(context, address(context.params)),
  examples: [
    {
      title: 'Readings',
      params: {
        columns: [
          { column: 'sensor', type: 'string' },
          { column: 'value', type: 'number' },
        ],
      },
      outputs: { rows: [] },
    },
    { title: 'Columns have to be named', params: {}, outputs: { rows: [] }, failures: ['no columns yet'] },
  ],
});

function address({ port, path }: { readonly port: number; readonly path: string }): string {
  return `http://127.0.0.1:${port}${path}`;
}
