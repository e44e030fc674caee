import type { SourceHarness } from '@millrace/kit/testing/source-trial';

// What the contract suite has to know of a source: see SourceHarness. Each setting is put through every test of the suite.
let last = 0;
const counted: SourceHarness = {
  params: () => ({ last }),
  make(_folder, rows) {
    last = rows; // a source that reads a file writes it here
  },
  numberOf: ({ number }) => (number as number) - 1,
};

export default { 'numbers from one on': counted };
