import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import '../test/property-seed.ts';
import { Client, type Protocol, portPair, problemOf, Service } from '../engine/protocol/connection.ts';
import type { RunJob } from '../engine/protocol/run-api.ts';
import { pauseBefore, usualBackOff, worthOf } from '../engine/supervisor/restart-policy.ts';
import { behaviourOf } from '../model/problems/behaviour-of.ts';
import { behaviours, permanent, transient } from '../model/problems/codes/behaviour.ts';
import { codes, type ProblemCode } from '../model/problems/codes/index.ts';
import { MillraceError, type Problem } from '../model/problems/problem.ts';
import { EndOfInput, NotConnected, nodeCodes, Permanent, RetryAfter } from './errors.ts';
import type { Reader } from './node.ts';
import { endingByError } from './sources/ending-by-error.ts';

const all: readonly string[] = [...Object.keys(codes), 'elsewhere/made'];
const job = {
  plan: {
    nodes: [
      { id: 'in', kind: 'source' },
      { id: 'step', kind: 'transform' },
    ],
  },
  options: { commits: 'checkpoint', stateFolder: '/state' },
} as unknown as RunJob;
const problem = fc.record(
  {
    code: fc.constantFrom(...all),
    severity: fc.constantFrom('error', 'warning', 'info'),
    message: fc.string(),
    behaviour: fc.constantFrom(...behaviours),
    retryAfterMs: fc.nat(),
    node: fc.constantFrom('in', 'step'),
    row: fc.constant({ n: 1 }),
  },
  { requiredKeys: ['code', 'severity', 'message'] },
) as fc.Arbitrary<unknown> as fc.Arbitrary<Problem>;

interface Asking extends Protocol {
  requests: { ask: { params: object; result: null } };
  events: Record<string, never>;
}

describe('the behaviour of a problem', () => {
  it('is the same in another thread, and in another process', async () => {
    const [near, far] = portPair();
    let thrown: Error = new Error();
    new Service<Asking>(far, {
      ask: () => {
        throw thrown;
      },
    });
    const client = new Client<Asking>(near);
    await fc.assert(
      fc.asyncProperty(problem, async (given) => {
        thrown = new MillraceError(given);
        const told = problemOf(await client.request('ask', {}).catch((error: unknown) => error));
        for (const copy of [told, structuredClone(given), JSON.parse(JSON.stringify(given)) as Problem]) {
          expect(behaviourOf(copy)).toBe(behaviourOf(given));
          expect(copy.retryAfterMs).toBe(given.retryAfterMs);
        }
      }),
    );
  });

  it('alone decides about another attempt: what is permanent, or of a row, gets none', () => {
    fc.assert(
      fc.property(problem, fc.boolean(), (given, hasWorked) => {
        const worth = worthOf(job, { kind: 'failed', problem: given }, hasWorked);
        const behaviour = behaviourOf(given);
        if (['permanent', 'row', 'end-of-input', 'notice'].includes(behaviour)) expect(worth).toBe('none');
        if (behaviour === 'transient') expect(worth).toBe('any-number');
        if (behaviour === 'not-connected') expect(worth).toBe(hasWorked ? 'any-number' : 'none');
        const reworded: Problem = { ...given, message: 'Other words', code: 'made/up' as ProblemCode, behaviour };
        expect(worthOf(job, { kind: 'failed', problem: reworded }, hasWorked)).toBe(worth);
      }),
    );
  });

  it('is what the code says, unless the error says more', () => {
    const about = { code: 'sqlite/failed', message: 'No.' } as const;
    const said = (error: MillraceError) => behaviourOf(error.problem);
    expect([
      said(new MillraceError(about)),
      said(new NotConnected(about)),
      said(new RetryAfter(1, about)),
      said(new Permanent(about)),
      said(new EndOfInput()),
    ]).toEqual(['uncertain', 'not-connected', 'transient', 'permanent', 'end-of-input']);
    expect(behaviourOf({ code: 'of/nobody' as ProblemCode })).toBe('uncertain');
    expect(behaviourOf({ code: 'sqlite/locked', row: { n: 1 } })).toBe('row');
  });
});

it('the other side is asked again when it said so, and not before', () => {
  expect(() => new RetryAfter(Number.NaN, { code: 'sqlite/failed', message: 'No.' })).toThrow(RangeError);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), fc.nat({ max: 50 }), (retryAfterMs, attempt) => {
      const pause = pauseBefore({ retryAfterMs }, attempt, usualBackOff);
      expect(pause).toBeGreaterThanOrEqual(Math.min(retryAfterMs, 86_400_000));
      // Node's timers fire at once beyond this.
      expect(pause).toBeLessThan(2 ** 31);
      expect(pause).toBeGreaterThanOrEqual(usualBackOff.firstMs);
    }),
  );
});

describe('codes of a node of somebody', () => {
  const raised = nodeCodes('my-source', { 'no-topic': permanent('The topic does not exist.'), busy: transient('The broker is busy.') });
  it('are typed, and carry their behaviour', () => {
    expectTypeOf(raised['no-topic'].code).toExtend<ProblemCode>();
    expectTypeOf<'my-source/no-topic'>().not.toExtend<ProblemCode>();
    const { problem: told } = new MillraceError({ ...raised['busy'], message: 'It is busy.' });
    expect([told.code, behaviourOf(structuredClone(told))]).toEqual(['my-source/busy', 'transient']);
  });
});

describe('a source that says by an error that it has ended', () => {
  const reader = (read: Reader['read']): Reader => ({ read, position: () => 7, close() {} });
  const opened = async (run: () => Reader | Promise<Reader>) => endingByError({ run } as never).run({ start: 5 } as never);
  const ended = () => {
    throw new EndOfInput();
  };
  it.each([
    ['at once', () => reader(ended)],
    ['later', () => reader(() => Promise.reject(new EndOfInput()))],
    ['when it is opened', ended],
    ['when it is opened, later', () => Promise.reject(new EndOfInput())],
  ] as const)('%s has ended', async (_, run) => {
    expect(await (await opened(run)).read()).toBeNull();
  });
  it('has failed where the error says something else', async () => {
    const away = new NotConnected({ code: 'file/missing', message: 'It is away.' });
    await expect(opened(() => Promise.reject(away))).rejects.toBe(away);
    await expect((await opened(() => reader(() => Promise.reject(away)))).read()).rejects.toBe(away);
  });
});
