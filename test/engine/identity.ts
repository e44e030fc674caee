/** What a node of a test says of itself, and nobody reads. */
export const identity = {
  title: 't',
  summary: 's',
  category: 'Rows',
  icon: 'filter',
  version: 1,
  docs: '',
  params: {},
  examples: [],
  infer: () => ({ outputs: {} }),
} as const;
