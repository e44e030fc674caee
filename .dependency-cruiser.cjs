/**
 * The layers of the project (docs/architecture.md): who may import what. Checked by test/architecture.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const layers = '^(electron|server|renderer)/';
const pure = '^engine/(document|protocol|schema|plan)/';
/** Tests, and what is made for them. */
const tests = '[.]test[.]tsx?$|^nodes/kit/testing/';

module.exports = {
  forbidden: [
    {
      name: 'engine-below-its-hosts',
      comment: 'The engine runs, and is tested, without Electron, a server or a window: the hosts know the engine, not the other way round.',
      severity: 'error',
      from: { path: '^(engine|nodes)/' },
      to: { path: [layers, '^node_modules/electron/'] },
    },
    {
      name: 'nodes-know-only-their-kit',
      comment: 'A node can be written, read and tested alone, and be moved into a plug-in: it knows the kit, file formats and the types of rows.',
      severity: 'error',
      from: { path: '^nodes/(sources|transforms|sinks|formats|kit)/', pathNot: tests },
      to: { path: '^(engine|nodes|test|bench|scripts)/', pathNot: '^(nodes/(kit|formats)|engine/schema)/' },
    },
    {
      name: 'kit-below-the-nodes',
      comment: 'The kit is the contract; what reads files is built upon it.',
      severity: 'error',
      from: { path: '^nodes/kit/', pathNot: tests },
      to: { path: '^nodes/(formats|sources|transforms|sinks)/' },
    },
    {
      name: 'nodes-come-by-the-index',
      comment: 'Adding a node touches one file, because nobody imports nodes one by one; the engine is given a catalogue.',
      severity: 'error',
      from: { path: '^(engine|electron|server|renderer)/', pathNot: tests },
      to: { path: '^nodes/(sources|transforms|sinks)/' },
    },
    {
      name: 'sqlite-by-its-driver',
      comment:
        "Two SQLite libraries that open one file in one process take away each other's locks and damage it: whoever opens a file asks the driver, tests too.",
      severity: 'error',
      from: {
        path: '^(engine|nodes|electron|server)/',
        pathNot: '^nodes/formats/sqlite-(driver|node|better)([.]test)?[.]ts$|^engine/sandbox/sandbox[.]test[.]ts$',
      },
      to: { path: '^nodes/formats/sqlite-(node|better)[.]ts$|^node_modules/(@types/)?better-sqlite3/|^(node:)?sqlite$' },
    },
    {
      name: 'pure-layers-stay-pure',
      comment: 'Document, protocol, schema and plan also run in a browser: no built-in modules of Node, no native ones, no code of other layers.',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-layers-know-each-other-only',
      comment: 'What is pure must not reach what is not. The kit is plain data and functions; acorn and zod are pure as well.',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { path: '.', pathNot: [pure, '^nodes/kit/', '^node_modules/(zod|acorn)/', '^(node:)?[a-z_/]+$'] },
    },
    {
      name: 'schema-at-the-bottom',
      comment: 'Rows and values are what everything else is about: they depend on nothing of it. (Types of the kit are only types.)',
      severity: 'error',
      from: { path: '^engine/schema/', pathNot: tests },
      to: { path: '^(engine|nodes)/', pathNot: '^engine/schema/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'editor-by-protocol',
      comment: 'The editor shows any engine, also a remote one, and any node, also of a plug-in: it gets everything as data.',
      severity: 'error',
      from: { path: '^renderer/', pathNot: tests },
      to: { path: '^(engine|nodes|electron|server)/', pathNot: '^engine/(document|protocol|schema)/' },
    },
    {
      name: 'editor-without-node',
      comment: 'The window is sandboxed: there is no Node in it.',
      severity: 'error',
      from: { path: '^renderer/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'editor-reaches-nothing-native',
      comment: 'Not even indirectly: it would fail in the browser, or break the sandbox.',
      severity: 'error',
      from: { path: '^renderer/', pathNot: tests },
      to: { reachable: true, path: '^node_modules/(better-sqlite3|electron|ses|ws|write-file-atomic|env-paths)/' },
    },
    {
      name: 'hosts-are-apart',
      comment: 'Electron and the server are two thin hosts of the same editor. What both need lives below them.',
      severity: 'error',
      from: { path: '^(electron|server)/', pathNot: tests },
      to: { path: '^(electron|server|renderer|nodes)/', pathNot: '^$1/' },
    },
    {
      name: 'only-electron-uses-electron',
      comment: 'Everything but the desktop host must run where Electron is not installed.',
      severity: 'error',
      from: { pathNot: '^(electron|test)/' },
      to: { path: '^node_modules/electron/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'product-without-tests',
      comment: 'What ships must not need what tests it.',
      severity: 'error',
      from: { path: '^(engine|nodes|electron|server|renderer)/', pathNot: tests },
      to: { path: ['^(test|bench)/', tests] },
    },
    {
      name: 'no-cycles',
      comment: 'Files that need each other are one file in pieces. Types may point both ways.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that starts nothing is dead. Nodes are collected by a glob; tests and entries start things.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [tests, '^nodes/(_template[.]ts|sources|transforms|sinks)', '[.]d[.]ts$', '^(engine/index|electron/(main|preload))[.]ts$'],
      },
      to: {},
    },
    {
      name: 'imports-that-resolve',
      comment: 'A path that leads nowhere fails only when it is run.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '[?]worker$|^virtual:' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(out|node_modules/.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.css'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
