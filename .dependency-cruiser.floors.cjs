/**
 * The floors of the product, without its tests: whatever imports what, no arrow between folders runs back up.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'no-folder-cycles',
      comment: 'Folders that import each other, be it for a type, are one folder in pieces: nobody can read, move or test one without the other.',
      scope: 'folder',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    ...options,
    exclude: { path: [options.exclude.path, '[.]test[.]tsx?$', '^kit/testing/', '^engine/plan/test-nodes[.]ts$', '^test/', '(-trial|test-identity)[.]ts$'] },
  },
};
