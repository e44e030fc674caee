import { describe, expect, it } from 'vitest';
import { answerTo, pathsOf } from './typed-name.ts';

const kinds = ['millrace.json', 'json'];

describe('a name in a file dialog', () => {
  it('is one of the folder that is shown, or a whole path, and gets its extension', () => {
    expect(pathsOf('a', '/work', 'save', kinds)).toEqual(['/work/a', '/work/a.millrace.json']);
    expect(pathsOf('a.json', '/work', 'save', kinds)).toEqual(['/work/a.json']);
    expect(pathsOf('a.b', '/work', 'save', kinds)).toEqual(['/work/a.b', '/work/a.b.millrace.json']);
    expect(pathsOf('sub/a', '/work', 'open', kinds)).toEqual(['/work/sub/a']);
    expect(pathsOf('/tmp/a', null, 'save', kinds)).toEqual(['/tmp/a', '/tmp/a.millrace.json']);
    expect(pathsOf('/tmp/a.txt', '/work', 'save', ['csv'])).toEqual(['/tmp/a.txt']);
    expect(pathsOf('a', null, 'save', kinds)).toEqual([]);
  });

  it('of a file that is there is asked about before it is replaced, however it was typed', () => {
    const file = { path: '/tmp/a.millrace.json', is: 'file' } as const;
    const nothing = { path: '/tmp/a', is: 'nothing' } as const;
    expect(answerTo([file], 'save', null)).toEqual({ ask: file.path });
    expect(answerTo([nothing, file], 'save', null)).toEqual({ ask: file.path });
    expect(answerTo([file], 'save', '/tmp/other.json')).toEqual({ ask: file.path });
    expect(answerTo([file], 'save', file.path)).toEqual({ take: file.path });
    expect(answerTo([file], 'open', null)).toEqual({ take: file.path });
    expect(answerTo([nothing], 'save', null)).toEqual({ take: nothing.path });
    expect(answerTo([{ path: '/tmp/a', is: 'folder' }, nothing], 'save', null)).toEqual({ enter: '/tmp/a' });
  });
});
