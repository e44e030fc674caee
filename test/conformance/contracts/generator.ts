import type { SourceHarness } from '@millrace/kit/testing/source-trial';

/** Rows are made by the params alone: how many there are is all that can be asked for. */
function made(params: object = {}): SourceHarness {
  let count = 0;
  return {
    params: () => ({ count, start: '1970-01-01T00:00:00Z', step: 1000, ...params }),
    make(_, rows) {
      count = rows;
    },
    numberOf: ({ time }) => (time as number) / 1000,
  };
}

export default {
  'as fast as can be': made(),
  'at a rate': made({ rate: 100_000 }),
};
