/** Pipelines as somebody might send them to do harm. Whatever they name has BAIT in its path, or is a file of the system. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fields } from '@millrace/kit/fields';
import { definitions } from '../../nodes/index.ts';

type Node = { readonly type: string; readonly typeVersion: number; readonly params: object; readonly [more: string]: unknown };

/** Puts bait beside the pipelines: data, a pipe, links to what never ends and to the system, declarations and a package of types. */
export function layBait(folder: string): void {
  mkdirSync(join(folder, 'node_modules', 'BAITpackage'), { recursive: true });
  writeFileSync(join(folder, 'node_modules', 'BAITpackage', 'index.d.ts'), 'export const BAIT: 1;');
  writeFileSync(join(folder, 'BAIT.csv'), 'a,b\n1,2\n');
  writeFileSync(join(folder, 'BAIT.jsonl'), '{"a":1}\n');
  writeFileSync(join(folder, 'BAIT.ts'), 'export const password = "hunter2" as const;\n');
  writeFileSync(join(folder, 'BAIT.d.ts'), 'declare const BAIT: 1;');
  writeFileSync(join(folder, 'BAIT.json'), '{"password":"hunter2"}');
  writeFileSync(join(folder, 'BAIT.db'), '');
  execFileSync('mkfifo', [join(folder, 'BAIT.fifo'), join(folder, 'BAITfifo.ts')]);
  for (const [link, target] of [
    ['BAITzero.csv', '/dev/zero'],
    ['BAITzero.ts', '/dev/zero'],
    ['BAITloop', 'BAITloop'],
    ['BAITenviron', '/proc/self/environ'],
    ['BAITout', '/'],
  ]) {
    symlinkSync(target!, join(folder, link!));
  }
}

/** By name: the content of the file. `folder`: where they and the bait lie. */
export function hostileFiles(folder: string): { readonly [name: string]: string | Buffer } {
  const code = (source: string) => ({
    rows: node('generator', { count: 10 }),
    code: node('code', { code: source, columns: [{ name: 'a', type: 'integer' }] }),
    keyed: node('keyed-code', { keys: ['sensor'], code: source }),
    compute: node('compute', { columns: [{ name: 'a', expression: source }] }),
    kept: node('filter', { mode: 'expression', where: source }, { onError: 'keep' }),
  });
  const behind = ['rows.rows -> code.rows', 'rows.rows -> keyed.rows', 'rows.rows -> compute.rows', 'rows.rows -> kept.rows'];
  const sql = [
    `ATTACH '${folder}/BAIT.db' AS b`,
    `SELECT 1; ATTACH 'BAIT.db' AS b`,
    `SELECT load_extension('${folder}/BAIT.so')`,
    `SELECT readfile('BAIT.csv')`,
    `VACUUM INTO 'BAITnew.db'`,
    `PRAGMA temp_store_directory='BAIT'`,
  ];
  const doubling = Object.fromEntries([...Array(40).keys()].map((i) => [`j${i}`, node('join', { keys: [{ left: 'sensor', right: 'sensor' }] })]));
  return {
    'absolute paths': pipeline(everyType('/BAIT/x')),
    'relative paths': pipeline(everyType('BAIT.csv')),
    'paths upwards': pipeline(everyType('../../../../BAIT/x')),
    'network paths': pipeline({ ...everyType('//BAIT/share/x', 'a'), ...everyType('\\\\BAIT\\share\\x', 'b'), ...everyType('file://BAIT/x', 'c') }),
    patterns: pipeline({ ...everyType('**/BAIT*', 'a'), ...everyType('/proc/**/environ', 'b'), ...everyType(`${'*a'.repeat(40)}BAIT`, 'c') }),
    'a pipe': pipeline(everyType('BAIT.fifo')),
    'the system': pipeline({
      ...everyType('/dev/zero', 'a'),
      ...everyType('/etc/passwd', 'b'),
      ...everyType('/dev/stdin', 'c'),
      ...everyType('/proc/kmsg', 'd'),
    }),
    'planted links': pipeline({ ...everyType('BAITzero.csv', 'a'), ...everyType('BAITloop', 'b'), ...everyType('BAITout/etc/shadow', 'c') }),
    'paths of parameters': pipeline(everyType(`\${p}/\${q}\${p}`), [], {
      parameters: { p: { type: 'text', default: '/BAIT' }, q: { type: 'text', default: `\${p}BAIT` } },
    }),
    'statements of SQL': pipeline(Object.fromEntries(sql.map((text, i) => [`s${i}`, node('sqlite-query', { path: 'BAIT.db', read: 'query', sql: text })]))),
    'deep params': pipeline(everyType(JSON.parse(`${'['.repeat(400)}"BAIT"${']'.repeat(400)}`))),
    'deep nesting': pipeline({ n: node('csv-file', { path: 'DEEP' }) }).replace('"DEEP"', `${'['.repeat(10_000)}"BAIT"${']'.repeat(10_000)}`),
    'many nodes': pipeline(
      Object.fromEntries([...Array(100_000).keys()].map((i) => [`n${i}`, { type: 'csv-file', typeVersion: 1, params: { path: 'BAIT.csv' } }])),
    ),
    'huge numbers': pipeline(
      {
        ...everyType('BAIT.csv', 'a', 1e308),
        ...everyType('BAIT.csv', 'b', -(2 ** 53)),
        old: { ...node('csv-file', { path: 'BAIT.csv' }), typeVersion: 1e15 },
      },
      [],
      { layout: { old: { x: 1e308, y: -1e308 } } },
    ),
    'names of JavaScript': pipeline(
      { constructor: node('constructor', { constructor: 'BAIT' }), tostring: node('toString', JSON.parse('{"__proto__":{"path":"BAIT.csv"}}')) },
      ['constructor.constructor -> tostring.__proto__'],
      { parameters: { constructor: { type: 'text', default: 'BAIT' } } },
    ),
    'a prototype': pipeline({ n: node('csv-file', { path: 'BAIT.csv' }) }).replace(
      '"nodes":{',
      '"nodes":{"__proto__":{"type":"csv-file","typeVersion":1,"params":{}},',
    ),
    'unknown types': pipeline({ a: node('BAIT', { path: 'BAIT.csv' }), b: node('../BAIT', {}), c: node('__proto__', {}), d: node('file:///BAIT.mjs', {}) }),
    'references of types': pipeline(
      code(
        [
          ...['BAIT.ts', 'BAITfifo.ts', 'BAITzero.ts'].flatMap((name) => [`/// <reference path="${folder}/${name}" />`, `/// <reference path="./${name}" />`]),
          `/// <reference types="${folder}/BAIT" />`,
          '/// <reference types="BAITpackage" />',
          '/// <reference lib="dom" />',
          '/// <amd-dependency path="BAIT.ts" />',
          `type A = typeof import("${folder}/BAIT.json"); type B = typeof import("./BAIT"); type C = import("BAITpackage").BAIT;`,
          'declare module "BAITpackage" { export const more: 1; }',
          'export default function step(row: Row) { const n: number = (null as any as B).password; return { a: n }; }',
        ].join('\n'),
      ),
      behind,
    ),
    imports: pipeline(
      code(
        `import x from "./BAIT.ts";\nimport type { BAIT } from "BAITpackage";\nimport data from "./BAIT.json" with { type: "json" };\nexport * from "./BAIT.ts";\nexport default (row: Row) => import("./BAIT.ts");`,
      ),
      behind,
    ),
    'code that runs at once': pipeline(
      code(
        `const out = globalThis.process?.getBuiltinModule?.("fs")?.writeFileSync("${folder}/BAITran", "x");\nfor (;;) {}\nexport default (row: Row) => row;`,
      ),
      behind,
    ),
    'types without end': pipeline(
      code(
        'type T<N extends any[]> = N["length"] extends 999 ? N : T<[...N, 0]>;\ntype U = { [K in keyof T<[]>]: T<[]> };\nexport default (row: Row) => ({ a: null as any as U });',
      ),
      behind,
    ),
    'long comments': pipeline(code(`${'/**/'.repeat(60_000)}\nexport default (row: Row) => row;`), behind),
    ports: pipeline(
      Object.fromEntries(
        [0, 22, 80, 8799, 65_535, 65_536, -1, 1.5].map((port, i) => [
          `h${i}`,
          node('http-in', { port, inbox: 'BAIT.db', columns: [{ column: 'a', type: 'string' }] }),
        ]),
      ),
    ),
    inboxes: pipeline({
      http: node('http-in', { port: 8798, inbox: `${folder}/BAIT.db`, columns: [{ column: 'a', type: 'string' }] }),
      again: node('errors-replay', { path: `${folder}/BAIT.db`, node: 'http' }),
    }),
    'a circle': pipeline({ a: node('union', {}), b: node('union', {}), c: node('csv-output', { path: 'BAITout.csv' }) }, [
      'a.rows -> b.rows',
      'b.rows -> a.rows',
      'a.rows -> a.rows',
      'b.rows -> c.rows',
    ]),
    'joins that double': pipeline({ j: node('generator', { count: 1 }), ...doubling }, [
      'j.rows -> j0.left',
      'j.rows -> j0.right',
      ...[...Array(39).keys()].flatMap((i) => [`j${i}.rows -> j${i + 1}.left`, `j${i}.rows -> j${i + 1}.right`]),
    ]),
    'hidden characters': pipeline(
      { n: node('csv-file', { path: 'BAIT\u202e\u0000\u001b[2J\u0085\u2028.csv' }, { title: 'x\u202e\u0000\u001b]0;y\u0007' }) },
      [],
      {
        name: `\u202e\u0000\u001b[31m\ud800${'BAIT'.repeat(5000)}`,
      },
    ),
    'other pipelines': pipeline({ ...everyType('BAITother.millrace.json'), p: node('pipeline', { path: 'BAITother.millrace.json' }) }, [], {
      extends: 'BAITother.millrace.json',
      $ref: 'BAITother.millrace.json',
      retired: { old: 1 },
    }),
    'fifty megabytes': pipeline({ n: node('csv-file', { path: 'BAIT.csv', rest: 'x'.repeat(49_000_000) }) }),
    'more than fifty megabytes': Buffer.alloc(51_000_000, ' '),
    'no UTF-8': Buffer.concat([
      Buffer.from('{"format":"millrace/pipeline","formatVersion":1,"name":"BAIT'),
      Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
      Buffer.from('"}'),
    ]),
    'no pipeline': '{"format":"BAIT","path":"BAIT.csv"}',
    'cut off': pipeline(everyType('BAIT.csv')).slice(0, -100),
  };
}

export function node(type: string, params: object, more: object = {}): Node {
  return { type, typeVersion: 1, params, onError: 'keep', ...more };
}

function pipeline(nodes: { readonly [id: string]: Node | object }, edges: readonly string[] = [], more: object = {}): string {
  return JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'BAIT', parameters: {}, nodes, edges, layout: {}, ...more });
}

/** A node of each type of the library, with this as each of its texts and paths, and `number` as each of its numbers. */
function everyType(text: unknown, prefix = 'n', number = 1): { readonly [id: string]: Node } {
  const value: { readonly [kind: string]: unknown } = { file: text, text, sql: text, number };
  const params = (fields: Fields) => Object.fromEntries(Object.entries(fields).flatMap(([name, { kind }]) => (kind in value ? [[name, value[kind]]] : [])));
  return Object.fromEntries(definitions.map(({ type, params: fields }) => [`${prefix}_${type.replaceAll('-', '_')}`, node(type, params(fields as Fields))]));
}
