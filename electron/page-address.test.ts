import { describe, expect, it } from 'vitest';
import { choosePage, editorAddress, isSameOrigin } from './page-address.ts';

describe('the page of a window', () => {
  const here = ['http://localhost:5173/', 'http://127.0.0.1:5173/index.html', 'http://[::1]:5173/', 'http://localhost/'];
  const elsewhere = [
    ...['http://localhost.evil.example:1/', 'http://localhost@evil.example/', 'http://localhost:1@evil.example/', 'http://127.0.0.1.evil.example/'],
    ...['https://evil.example/#http://localhost/', 'http://evil.example/http://localhost', 'file:///etc/passwd', 'javascript:alert(1)', 'data:text/html,x'],
    ...['https://localhost:1/', 'http://0.0.0.0:1/', 'localhost:5173', '//localhost:5173/', ' ', ''],
  ];

  it.each(here)('run from its sources, may be that of a development server of this machine: %s', (development) => {
    expect(choosePage({ isPackaged: false, development })).toBe(development);
  });

  it.each([...here, ...elsewhere, undefined])('of a packaged app, is its own whatever the environment says: %s', (development) => {
    expect(choosePage({ isPackaged: true, development })).toBe(editorAddress);
  });

  it.each([...elsewhere, undefined])('is never one from elsewhere: %s', (development) => {
    expect(choosePage({ isPackaged: false, development })).toBe(editorAddress);
  });
});

it.each([
  [editorAddress, true],
  ['app://millrace/other.html?x#y', true],
  ['app://millrace.evil.example/index.html', false],
  ['app://millrace@evil.example/index.html', false],
  ['app://millrace:1/index.html', false],
  ['app2://millrace/index.html', false],
  ['file:///index.html', false],
  ['about:blank', false],
  ['no address', false],
])('%s is of the editor: %s', (url, isEditor) => {
  expect(isSameOrigin(url, editorAddress)).toBe(isEditor);
});

it('what is no address is of no origin, not even of its own', () => {
  expect(isSameOrigin('', '')).toBe(false);
});
