import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from './redaction.ts';

const secret = 'p@ss "w/ord"+ä\\1';

describe('Redactor', () => {
  it.each([
    ['as it is', secret],
    ['in an address', `postgres://me:${encodeURIComponent(secret)}@db/x`],
    ['in a form', new URLSearchParams({ secret }).toString()],
    ['in JSON', JSON.stringify({ secret })],
    ['in JSON within JSON', JSON.stringify(JSON.stringify({ secret }))],
    ['in a header', `Authorization: Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
    ['in a header, for another user', `Basic ${Buffer.from(`us:${secret}`).toString('base64')}`],
    ['for addresses', Buffer.from(`u:${secret}`).toString('base64url')],
    ['as bytes', Buffer.from(secret).toString('hex').toUpperCase()],
  ])('takes a secret out %s', (_, text) => {
    const said = new Redactor([secret]).text(`It failed: ${text}.`);
    expect(said).toContain('•••••');
    expect(said).not.toContain(text);
    expect(said).toMatch(/^It failed: .*\.$/);
  });

  it('looks into data and errors, and leaves alone what holds none', () => {
    const redactor = new Redactor(['hunter2']);
    const clean = { a: [1, 'b'], at: new Uint8Array(2) };
    expect(redactor.data(clean)).toBe(clean);
    expect(redactor.data({ problem: { message: 'hunter2', list: ['x', { hunter2: 'hunter2!' }] } })).toEqual({
      problem: { message: '•••••', list: ['x', { '•••••': '•••••!' }] },
    });
    const error = redactor.error(new Error('password hunter2'));
    expect(`${error.message} ${error.stack}`).not.toContain('hunter2');
  });

  it('takes a short secret for one where it stands alone', () => {
    expect(new Redactor(['ab', '']).text('ab in cab, "ab"')).toBe('••••• in cab, "•••••"');
  });

  it('leaves none of a secret in any of its forms', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: 'grapheme' }), fc.string(), (text, around) => {
        const forms = [text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString('base64'), Buffer.from(text).toString('hex')];
        for (const form of forms) expect(new Redactor([text]).text(`${around}${form}`)).not.toContain(form.replace(/=+$/, '').slice(0, -2));
      }),
      { numRuns: 200 },
    );
  });
});
