/** What a node's card says while nothing is filled in: what to do, and never the leftovers of a sentence. */

import { defaultsOf } from '@millrace/kit/params';
import { describe, expect, it } from 'vitest';
import { definitions } from '../../nodes/index.ts';

describe.each(definitions.filter(({ card }) => card).map((definition) => [definition.type, definition] as const))('the card of %s', (_, definition) => {
  it('reads well without any settings', () => {
    const line = definition.card!(defaultsOf(definition.params) as never);
    expect(line).toBe(line.trim());
    expect(line).not.toBe('');
    expect(line).not.toMatch(/^[·=,]|[·=,]$|undefined|null|NaN|\b(of each|on|by|as)$/);
  });
});
