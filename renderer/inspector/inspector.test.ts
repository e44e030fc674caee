import { dirname, resolve } from 'node:path';
import { conditionOperators } from '@millrace/kit/fields';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldManifest, Problem } from '../../engine/protocol/messages.ts';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { rebasedPath, storedPath } from '../documents/paths.ts';
import { parseInline, parseMarkdown } from '../shell/markdown.ts';
import { problemsAt, problemsOutside, sentence } from '../shell/problems/field-problems.ts';
import { asCondition, operators, takesValue } from './form/conditions.ts';
import { formatDuration, parseDuration } from './form/duration.ts';
import { highlight } from './form/highlight.ts';
import { durationText, numberText, shownText } from './form/typed-text.ts';
import { unusedPairs } from './form/unused-pairs.ts';
import { moved } from './widgets/reorder.ts';

describe('durations', () => {
  it('are read with their units', () => {
    expect(['500ms', '10s', '5m', '1h', '1d', '1.5s', '1h 30m', '1h30m'].map(parseDuration)).toEqual([
      500, 10_000, 300_000, 3_600_000, 86_400_000, 1500, 5_400_000, 5_400_000,
    ]);
    expect(['10 sec', '5 min', '2 hours', '1 day 12 h', '1 Minute'].map(parseDuration)).toEqual([10_000, 300_000, 7_200_000, 129_600_000, 60_000]);
    expect(['1.005s', '0.5ms', '0.0001s', '99999999999d'].map(parseDuration)).toEqual([1005, null, null, null]);
    expect(['', '10', 's', '10 x', '10s!', '-5s', '5mm'].map(parseDuration)).toEqual([null, null, null, null, null, null, null]);
  });
  it('are written in the shortest exact form and read back the same', () => {
    expect([0, 1500, 90_000, 3_600_000].map(formatDuration)).toEqual(['0s', '1500ms', '90s', '1h']);
    fc.assert(fc.property(fc.nat(1e10), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe('values that are typed', () => {
  const field: FieldManifest = { kind: 'number', label: 'Count', default: 10 };
  it('stay as they were typed where they are no number, or would be rounded', () => {
    expect(['7', '1.0', '', 'ten', '9007199254740993', '1e400'].map((text) => numberText.read(text, field))).toEqual([
      7,
      1,
      10,
      'ten',
      '9007199254740993',
      '1e400',
    ]);
    expect(['1h 30', '0.5ms', '90s', ' '].map((text) => durationText.read(text, { ...field, optional: true }))).toEqual(['1h 30', '0.5ms', 90_000, null]);
  });
  it('are shown as they are typed, until their value becomes another', () => {
    expect(shownText('1.0', 1, field, numberText)).toBe('1.0');
    expect(shownText('', 10, field, numberText)).toBe('');
    expect(shownText('1.0', 2, field, numberText)).toBe('2');
    expect(shownText(null, 'ten', field, numberText)).toBe('ten');
    expect(shownText(null, '1h 30', field, durationText)).toBe('1h 30');
  });
  it('of a table say which of them are not used', () => {
    const pairs = [
      ['a', '1'],
      ['', '2'],
      ['', ''],
      ['a', '3'],
    ] as const;
    expect(unusedPairs(pairs, 'Column').map(({ message }) => message)).toEqual([
      'Row 1 is not used: row 4 has the column “a” too',
      'Row 2 has no column and is not used',
    ]);
  });
});

describe('conditions', () => {
  it('offer exactly the operators that nodes know', () => {
    expect(operators.map(({ value }) => value).sort()).toEqual([...conditionOperators].sort());
    expect(operators.filter(({ value }) => !takesValue(value)).map(({ value }) => value)).toEqual(['isNull', 'isNotNull']);
  });
  it('are made of whatever a file holds', () => {
    expect(asCondition(null)).toEqual({ match: 'all', rules: [] });
    expect(asCondition({ match: 'any', rules: [{ column: 'a', operator: '>', value: 3 }, 'x', {}] })).toEqual({
      match: 'any',
      rules: [
        { column: 'a', operator: '>', value: '3' },
        { column: '', operator: '=', value: '' },
      ],
    });
  });
});

describe('paths', () => {
  it('are relative below the pipeline file', () => {
    expect(storedPath('/data/p/in/a.csv', '/data/p/x.millrace.json')).toBe('in/a.csv');
    expect(storedPath('/data/other/a.csv', '/data/p/x.millrace.json')).toBe('/data/other/a.csv');
    expect(storedPath('C:\\p\\in\\a.csv', 'C:\\p\\x.millrace.json')).toBe('in/a.csv');
    expect(storedPath('/a.csv', null)).toBe('/a.csv');
  });
});

describe('relative paths of a pipeline that moves', () => {
  it('name the same file from its new folder', () => {
    const from = '/work/sales/x.millrace.json';
    const at = (to: string) => ['a.csv', 'in/a.csv', './a.csv', '../b.csv', '../../c.csv'].map((path) => rebasedPath(path, from, to));
    expect(at('/work/sales/y.json')).toEqual(['a.csv', 'in/a.csv', './a.csv', '../b.csv', '../../c.csv']);
    expect(at('/work/y.json')).toEqual(['sales/a.csv', 'sales/in/a.csv', 'sales/a.csv', 'b.csv', '/c.csv']);
    expect(at('/work/sales/in/y.json')).toEqual(['../a.csv', 'a.csv', '../a.csv', '../../b.csv', '/c.csv']);
    expect(at('/home/y.json')).toEqual(['/work/sales/a.csv', '/work/sales/in/a.csv', '/work/sales/a.csv', '/work/b.csv', '/c.csv']);
    expect(rebasedPath('in\\a.csv', 'C:\\p\\x.json', 'C:\\p\\q\\x.json')).toBe('../in/a.csv');
    expect(rebasedPath('a.csv', 'C:\\p\\x.json', 'D:\\p\\x.json')).toBe('C:/p/a.csv');
    expect(['/a', '~/a', 'D:\\a', '//host/a', '', '${dir}/a'].map((path) => rebasedPath(path, from, '/tmp/y.json'))).toEqual([
      '/a',
      '~/a',
      'D:\\a',
      '//host/a',
      '',
      '${dir}/a',
    ]);
  });
  it('do so whatever the folders', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const folder = fc.array(name, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(folder, folder, fc.array(fc.constantFrom('a', 'b', '..'), { maxLength: 3 }), (from, to, path) => {
        const files = [from, to].map((parts) => `/${parts.join('/')}/p.json`) as [string, string];
        const text = [...path, 'x.csv'].join('/');
        expect(resolve(dirname(files[1]), rebasedPath(text, ...files))).toBe(resolve(dirname(files[0]), text));
      }),
    );
  });
});

describe('problems', () => {
  const problem = (field?: string): Problem => ({ code: 'x/y' as ProblemCode, severity: 'error', message: 'm', field });
  const all = [problem(), problem('where'), problem('where.rules.0.value'), problem('whereabouts'), problem('columns.1.name')];
  it('stand at their field', () => {
    expect(problemsAt(all, 'where', { kind: 'condition' })).toEqual([all[1], all[2]]);
    expect(problemsAt(all, 'columns', { kind: 'list' })).toEqual([]);
    expect(problemsAt(all, 'columns.1.name', { kind: 'text' })).toEqual([all[4]]);
  });
  it('of the same place are told once', () => {
    const range = { line: 1, column: 5 };
    const twice = [
      { ...problem('where'), range },
      { ...problem('where'), code: 'code/type' as const, range },
      { ...problem('where'), range: { line: 2, column: 5 } },
    ];
    expect(problemsAt(twice, 'where', { kind: 'expression' })).toEqual([twice[0], twice[2]]);
  });
  it('read as sentences', () => {
    expect(['No column "a"', 'Why?', 'It ended.'].map(sentence)).toEqual(['No column "a".', 'Why?', 'It ended.']);
  });
  it('stand at the top when no field has them', () => {
    expect(problemsOutside(all, ['where', 'columns'])).toEqual([all[0], all[3]]);
  });
});

describe('highlight', () => {
  it('keeps the source and colours its parts', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (source) =>
          highlight(source)
            .map((token) => token.text)
            .join('') === source,
      ),
    );
    expect(
      highlight('row.a > 30 && "x" === null')
        .filter((token) => token.kind !== 'plain')
        .map((token) => `${token.kind}:${token.text}`),
    ).toEqual(['property:a', 'number:30', 'string:"x"', 'keyword:null']);
  });
});

describe('markdown', () => {
  it('reads the forms that docs use', () => {
    const blocks = parseMarkdown('# Title\n\nOne `code`\nand **two**.\n\n- a\n- b\n  more\n\n1. x\n\n```\nlet y\n```\n| a | b |\n|---|---|\n| 1 | 2 |');
    expect(blocks.map((block) => block.kind)).toEqual(['heading', 'paragraph', 'list', 'list', 'code', 'table']);
    expect(blocks[2]).toMatchObject({ ordered: false, items: [[{ text: 'a' }], [{ text: 'b more' }]] });
    expect(blocks[5]).toMatchObject({ head: [[{ text: 'a' }], [{ text: 'b' }]], rows: [[[{ text: '1' }], [{ text: '2' }]]] });
  });
  it('takes HTML for text', () => {
    expect(parseInline('<img src=x onerror=alert(1)> [a](http://b)')).toEqual([
      { kind: 'text', text: '<img src=x onerror=alert(1)> ' },
      { kind: 'link', text: 'a', href: 'http://b' },
    ]);
  });
  it('ends, whatever it is given', () => {
    fc.assert(fc.property(fc.stringMatching(/^[-*`|# \n[\]()a1._]{0,60}$/), (source) => Array.isArray(parseMarkdown(source))));
  });
});

describe('reordering', () => {
  it('moves one item and keeps the others in order', () => {
    expect(moved(['a', 'b', 'c', 'd'], 0, 2)).toEqual(['b', 'c', 'a', 'd']);
    expect(moved(['a', 'b', 'c', 'd'], 3, 0)).toEqual(['d', 'a', 'b', 'c']);
    const items = ['a'];
    expect(moved(items, 0, 1)).toBe(items);
  });
});
