import { spawnSync } from 'node:child_process';
import { folderOf, type Outcome, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import csvFile from '../../csv/csv-file.ts';
import { type DialectOptions, detectLayout } from './csv-dialect.ts';

const read = (content: string | Buffer, params: object = {}): Promise<Outcome> =>
  readSource(csvFile, folderOf({ 'x.csv': content }), { path: 'x.csv', ...params });
const codes = ({ problems }: Outcome) => problems.map(({ code, severity }) => `${severity} ${code}`);

describe('lines before the table', () => {
  const report = 'Report;May\n\nAccount;1\nTotal;1;EUR\n\nday;who;what;sum\n1;a;b;2\n2;c;d;3\n';
  it('are told from it, and counted', async () => {
    const outcome = await read(report);
    expect(outcome.rows).toEqual([
      { day: 1, who: 'a', what: 'b', sum: 2 },
      { day: 2, who: 'c', what: 'd', sum: 3 },
    ]);
    expect(outcome.places).toEqual(['x.csv:7', 'x.csv:8']);
    expect(outcome.problems).toMatchObject([{ severity: 'info', code: 'csv/preamble', field: 'skip', message: expect.stringContaining('first 5 lines') }]);
  });
  it('can be said', async () => {
    expect((await read('1;2\n3;4\na;b\n5;6\n', { skip: 2 })).rows).toEqual([{ a: 5, b: 6 }]);
    expect((await read('x\ny\n5,6\n7,8\n', { skip: 2, header: false })).rows).toEqual([
      { column_1: 5, column_2: 6 },
      { column_1: 7, column_2: 8 },
    ]);
    expect((await read('"a quote that opens\na,b\n1,2\n', { skip: 1 })).rows).toEqual([{ a: 1, b: 2 }]);
    expect((await read('a,b\n1,2\n', { skip: 9 })).problems).toMatchObject([{ severity: 'error', code: 'csv/skip', field: 'skip' }]);
    expect((await read(report, { skip: 0 })).failures.length).toBeGreaterThan(0);
  });
  it.each([
    ['a table that grows by a column', 'name,city\nAda,London\nBob,Paris,x\nCid,Rome,y\nDan,Bern,z\n'],
    ['a table whose rows end with more than its header', 'a,b\n1,2,3\n4,5,6\n7,8,9\n'],
    ['one column', 'name\nAda\nBob, the builder\nCid, the other\n'.replaceAll(', ', ',4')],
  ])('are not taken from %s', async (_, text) => {
    const { failures, rows, problems } = await read(text);
    expect(codes({ problems } as Outcome)).not.toContain('info csv/preamble');
    expect(failures.length + rows.length).toBe(text.trim().split('\n').length - 1);
  });
  it.each([
    ['a title above two columns', 'Report 2026\nname,amount\nA,1\nB,2\n', ['name', 'amount'], 2],
    ['keys and values above two columns', 'Account: 123\nPeriod: May\nname;amount\nA;1,5\nB;2,5\n', ['name', 'amount'], 3],
    ['keys and values as wide as the table, a blank line apart', 'Account,123\nPeriod,2026\n\nname,amount\nA,1\nB,2\n', ['name', 'amount'], 4],
    ['a title filled up with delimiters', 'Report;;;;\n;;;;\nid;name;city;v;w\n1;A;x;1;2\n', ['id', 'name', 'city', 'v', 'w'], 3],
    ['a title filled up to two columns', 'Report;\n;\nname;amount\nA;1\n', ['name', 'amount'], 3],
    ['keys and values filled up', 'Account;123;;;\nPeriod;May;;;\nid;name;city;v;w\n1;A;x;1;2\n', ['id', 'name', 'city', 'v', 'w'], 3],
  ])('are told from it: %s', async (_, text, names, line) => {
    const { schema, problems, places, failures } = await read(text);
    expect(schema!.columns.map(({ name }) => name)).toEqual(names);
    expect(codes({ problems } as Outcome)).toContain('info csv/preamble');
    expect({ first: places[0], failures }).toEqual({ first: `x.csv:${line + 1}`, failures: [] });
  });
  it.each([
    ['columns without a name', 'name;amount;;\nA;1;;\nB;2;x;y\n'],
    ['groups of rows', 'name,amount\nA,1\n\nB,2\nC,3\n'],
    ['columns that are seldom filled', 'id,note\n1,\n2,\n3,x\n'],
  ])('are not taken from %s', async (_, text) => {
    const { problems, rows } = await read(text);
    expect(codes({ problems } as Outcome)).not.toContain('info csv/preamble');
    expect(rows.length).toBe(text.split('\n').filter((each) => each !== '').length - 1);
  });
  it('are told where they might be rows, with the edit that leaves them out', async () => {
    const text = 'Account,Main\nPeriod,2026\n\nname,amount\nA,1\nB,2\n';
    const { problems } = await read(text);
    expect(problems).toMatchObject([{ severity: 'warning', code: 'csv/other-header', fix: { param: 'skip', value: 3 } }]);
    expect((await read(text, { skip: 3 })).rows).toEqual([
      { name: 'A', amount: 1 },
      { name: 'B', amount: 2 },
    ]);
  });
  it('are found in an encoding that nobody has set yet', () => {
    const text =
      'Auszug;vom 05.10.2026\r\nSaldo;1.234,56;EUR\r\n\r\nTag;Empfänger;Zweck;Betrag;Währung\r\n01;Bäcker;Brötchen;-4,50;EUR\r\n02;Größe;Kuchen;-12,30;EUR\r\n';
    const unset: DialectOptions = { delimiter: null, quote: 34, escape: null, comment: null, trailing: null, skip: null, header: true };
    expect(detectLayout(Buffer.from(text, 'latin1'), unset, true)).toEqual(detectLayout(Buffer.from(text), unset, true));
    expect(detectLayout(Buffer.from(text, 'latin1'), unset, true)).toMatchObject({ skip: 3, dialect: { delimiter: 59 } });
  });
  it('are passed over again where reading goes on', async () => {
    const text = `Report\n\nid;v\n${Array.from({ length: 30 }, (_, i) => `${i};x\n`).join('')}`;
    const folder = folderOf({ 'x.csv': text });
    const whole = await readSource(csvFile, folder, { path: 'x.csv' }, { batchSize: 7 });
    for (const { rows, position } of whole.positions) {
      const rest = await readSource(csvFile, folder, { path: 'x.csv' }, { start: position, schema: whole.schema! });
      expect(rest.rows).toEqual(whole.rows.slice(rows));
    }
  });
});

describe('a delimiter of several characters', () => {
  it.each([
    ['id||name||v\n1||A||2\n2||B|C||3\n', 'by ||', 'pipe'],
    ['id\t\tname\n1\t\tA\n', 'by two tabs', 'tab'],
    ['id::name::v\n1::A::2\n2::B::3\n', 'by ::', 'comma'],
    ['id~|~name\n1~|~A\n', 'by ~|~', 'comma'],
  ])('is refused in %j, with what reads it', async (text, message, value) => {
    const { problems } = await read(text);
    expect(problems).toMatchObject([
      { severity: 'error', code: 'csv/wide-delimiter', message: expect.stringContaining(message), hint: expect.stringContaining('Split'), fix: { value } },
    ]);
    expect(codes(await read(text, { delimiter: value }))).not.toContain('error csv/wide-delimiter');
  });
  it('says so where it is set', async () => {
    const { problems } = await read('a||b\n1||2\n', { delimiter: 'other', otherDelimiter: '||' });
    expect(problems).toMatchObject([{ code: 'csv/delimiter', field: 'otherDelimiter', hint: expect.stringContaining('Split') }]);
  });
  it.each(['name\nstd::a\nb\n', 'address\nfe80::1\n', 'a|b||c\n1|2||3\n', 'a,,b\n1,,2\n'])('is not taken from %j', async (text) => {
    expect(codes(await read(text))).not.toContain('error csv/wide-delimiter');
  });
});

describe('comment lines', () => {
  it('are left out before the header and between rows', async () => {
    const outcome = await read('# a "note, \na,b\n1,x\n# gap\n2,y\n');
    expect(outcome.rows).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
    expect(outcome.places).toEqual(['x.csv:3', 'x.csv:5']);
    expect(codes(outcome)).toEqual(['info csv/comments']);
  });
  it('are rows where they may be', async () => {
    expect((await read('#id,name\n#1,x\n2,y\n')).rows.length).toBe(2);
    expect((await read('tag\n#a\n#b\n')).rows).toEqual([{ tag: '#a' }, { tag: '#b' }]);
    expect((await read('tag,n\n"#a",1\n#b,2\n')).rows.length).toBe(2);
  });
  it('that look like rows fail where the mark was only found', async () => {
    const text = `# note\na,b\n${'1,x\n'.repeat(300)}#2,y\n3,z\n`;
    const found = await read(text);
    expect(found.failures).toMatchObject([{ code: 'csv/comment', position: { line: 303 } }]);
    expect(found.rows.length).toBe(301);
    expect((await read(text, { comment: '#' })).failures).toEqual([]);
    expect((await read(text, { comment: null })).rows.length).not.toBe(301);
  });
  it('may have another mark', async () => {
    expect((await read('% x,y\na,b\n%,\n1,2\n', { comment: '%' })).rows).toEqual([{ a: 1, b: 2 }]);
    expect((await read('a,b\n', { comment: '//' })).problems).toMatchObject([{ severity: 'error', field: 'comment' }]);
    expect((await read('a,b\n', { comment: '"' })).problems).toMatchObject([{ severity: 'error', field: 'comment' }]);
  });
});

describe('the line sep= of Excel', () => {
  it.each(['sep=;\n', '"sep=;"\r\n', 'SEP=;\r\n', 'sep=;;\n'])('%j names the delimiter', async (line) => {
    expect((await read(`${line}a,c;b\n1;2\n`)).rows).toEqual([{ 'a,c': 1, b: 2 }]);
  });
  it('is a header where no line is to be skipped', async () => {
    expect((await read('sep=;\n1;2\n', { skip: 0, delimiter: 'semicolon' })).schema!.columns.map(({ name }) => name)).toEqual(['sep=', 'column_2']);
  });
});

describe('escape characters', () => {
  const text = 'id,msg\n1,"he said \\"yes\\", then left"\n2,"a \\", b"\n3,"C:\\\\x\\n"\n4,a\\,b\n5,"two\\\nlines"\n6,""""\n';
  const messages = ['he said "yes", then left', 'a ", b', 'C:\\x\\n', 'a,b', 'two\nlines', '"'];
  it('are found, and make ordinary what follows', async () => {
    const outcome = await read(text);
    expect(outcome.failures).toEqual([]);
    expect(outcome.rows.map((row) => row['msg'])).toEqual(messages);
  });
  it('can be set, and be none', async () => {
    expect((await read('a,b\n1\\,5,x\\', { escape: 'backslash' })).rows).toEqual([{ a: '1,5', b: 'x\\' }]);
    expect((await read(text, { escape: 'none' })).failures.length).toBeGreaterThan(0);
  });
  it('are not found in paths', async () => {
    expect((await read('a,b\n"C:\\dir\\","x"\n"D:\\","y"\n')).rows).toEqual([
      { a: 'C:\\dir\\', b: 'x' },
      { a: 'D:\\', b: 'y' },
    ]);
  });
  it('are read from the middle of large files', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i},"x \\"${i}\\" y"\n`).join('');
    const { rows, failures } = await read(`n,s\n${lines}`);
    expect(failures).toEqual([]);
    expect(rows.length).toBe(20_000);
    expect(rows.every(({ n, s }) => s === `x "${n}" y`)).toBe(true);
  });
});

describe('a delimiter at the end of lines', () => {
  it.each(['a,b,\n1,x,\n2,y,\n', 'a,b\n1,x,\n2,y,\n'])('means nothing in %j', async (text) => {
    const { rows, failures } = await read(text);
    expect(failures).toEqual([]);
    expect(rows).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: 'y' },
    ]);
  });
  it('begins a field where one of them holds something', async () => {
    expect((await read('a,b,\n1,x,\n2,y,z\n')).rows[1]).toEqual({ a: 2, b: 'y', column_3: 'z' });
    expect((await read(`a,b,\n${'1,x,\n'.repeat(200)}2,y,z\n`)).failures).toMatchObject([{ code: 'csv/fields', position: { line: 202 } }]);
  });
  it('can be set', async () => {
    expect((await read('a,b,\n1,x,\n', { trailing: 'no' })).rows).toEqual([{ a: 1, b: 'x', column_3: null }]);
    expect((await read('1,x,\n2,y\n', { trailing: 'yes', header: false })).rows.length).toBe(2);
  });
});

describe('rows of another width', () => {
  const text = 'a,b,c\n1,2,3\n4\n5,6,7,8\n9,,\n';
  const three = [
    { a: 1, b: 2, c: 3 },
    { a: 4, b: null, c: null },
  ];
  it('are failures, or filled with nulls, or cut, and the log counts them', async () => {
    expect((await read(text)).failures.length).toBe(2);
    const filled = await read(text, { width: 'fill' });
    expect(filled.failures).toMatchObject([{ code: 'csv/fields', position: { line: 4 } }]);
    expect(filled.rows).toEqual([...three, { a: 9, b: null, c: null }]);
    expect(filled.logs).toEqual(['One row of x.csv had too few fields: what was missing is null.']);
    const cut = await read(text, { width: 'cut' });
    expect(cut.failures).toEqual([]);
    expect(cut.rows).toEqual([...three, { a: 5, b: 6, c: 7 }, { a: 9, b: null, c: null }]);
    expect(cut.logs).toContain('One row of x.csv had too many fields: the extra ones were left out.');
    expect(codes(cut)).toEqual([]);
  });
});

describe('carriage returns', () => {
  it('alone end lines, also beside other line ends where that is set', async () => {
    expect((await read('a,b\r1,2\r3,4\r')).rows.length).toBe(2);
    const rows = [1, 3, 5, 7].map((a) => ({ a, b: a + 1 }));
    expect((await read('a,b\r1,2\n3,4\r\n5,6\r7,8', { lineEnds: 'any' })).rows).toEqual(rows);
    expect((await read('a,b\r1,2\n3,4\r\n5,6\r7,8\r', { lineEnds: 'any' })).rows).toEqual(rows);
  });
  it('are one line end with a line feed, wherever chunks are cut', async () => {
    const body = Array.from({ length: 60_000 }, (_, i) => `${i},x${'y'.repeat(i % 7)}${['\r', '\n', '\r\n'][i % 3]}`).join('');
    const { rows, failures } = await read(`a,b\r${body}`, { lineEnds: 'any' });
    expect(failures).toEqual([]);
    expect(rows.every((row, i) => row['a'] === i)).toBe(true);
    expect(rows.length).toBe(60_000);
  });
});

it('a first row that looks like data is told', async () => {
  expect(codes(await read('1,2.5\n2,3.5\n'))).toEqual(['warning csv/header']);
  expect(codes(await read('1,2.5\n2,3.5\n', { header: false }))).toEqual([]);
  expect(codes(await read('year,2025\na,3.5\n'))).toEqual([]);
});

const hasPython = spawnSync('python3', ['-c', 'import csv, json']).status === 0;

describe.skipIf(!hasPython)('Python writes, and reads the same (without python3 this is skipped)', () => {
  // One process for all: stdin is a list of [dialect, rows], stdout a list of [text, rows as csv.reader has them].
  const script = `
import csv, io, json, sys
out = []
for dialect, rows in json.load(sys.stdin):
    text = io.StringIO(newline='')
    writer = csv.writer(text, delimiter=dialect['delimiter'], quotechar=dialect['quote'], lineterminator=dialect['end'], quoting=getattr(csv, dialect['quoting']),
        doublequote=dialect['escape'] is None, escapechar=dialect['escape'])
    writer.writerows(rows)
    value = text.getvalue()
    back = list(csv.reader(io.StringIO(value, newline=''), delimiter=dialect['delimiter'], quotechar=dialect['quote'], doublequote=True, escapechar=dialect['escape']))
    out.append([value, back])
json.dump(out, sys.stdout)
`;
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', ' ', ',', ';', '"', "'", '\\', '\n', '|', '#', 'é', '🦉'), maxLength: 6 }),
    fc.string({ unit: fc.constantFrom('0', '1', '-', '.'), maxLength: 5 }),
  );
  const table = fc
    .integer({ min: 1, max: 5 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
  const dialect = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '^'),
    quote: fc.constantFrom('"', "'"),
    end: fc.constantFrom('\n', '\r\n'),
    quoting: fc.constantFrom('QUOTE_MINIMAL', 'QUOTE_ALL'),
    escape: fc.constantFrom(null, '\\'),
  });
  it('in any dialect that is set', async () => {
    const samples = fc.sample(fc.tuple(dialect, table), 300);
    const { stdout, stderr } = spawnSync('python3', ['-c', script], {
      input: JSON.stringify(samples),
      encoding: 'utf8',
      env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
    });
    expect(stderr).toBe('');
    const written = JSON.parse(stdout) as [string, string[][]][];
    for (const [i, [text, back]] of written.entries()) {
      const [{ delimiter, quote, escape: mark }, rows] = samples[i]!;
      const width = rows[0]!.length;
      const types = Array.from({ length: width }, (_, c) => ({ column: `column_${c + 1}`, type: 'string' }));
      const params = {
        ...{ delimiter: 'other', otherDelimiter: delimiter, quote, escape: mark === null ? 'none' : 'backslash', header: false, skip: 0, comment: null },
        // Python does not distinguish empty text from null; here, no text is null.
        ...{ trailing: 'no', nullText: '\u0001', types },
      };
      const outcome = await read(text, params);
      expect(outcome.failures, JSON.stringify(text)).toEqual([]);
      // A blank line is skipped here, and is a row without fields for Python; in a file of one column it is a row here.
      const expected = back.map((row) => (row.length === 0 && width === 1 ? [''] : row)).filter((row) => row.length > 0);
      expect(
        outcome.rows.map((row) => Object.values(row)),
        JSON.stringify([text, samples[i]]),
      ).toEqual(expected);
    }
  });
});
