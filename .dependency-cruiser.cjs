/**
 * The layers of the project (docs/architecture.md): who may import what. Checked by test/architecture.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const layers = '^(electron|server|renderer)/';
const pure = '^engine/(document|protocol|plan)/';
/** Folders of renderer/ that features are built upon. */
const editorFloors = 'session|theme|format|graph|grid|shell|documents|code-editor';
/** Tests, and what is made for them. */
const tests = '[.]test[.]tsx?$|^kit/testing/';

module.exports = {
  forbidden: [
    {
      name: 'model-at-the-bottom',
      comment: 'Values, schemas, times and problems are what everything else is about: they depend on nothing of it.',
      severity: 'error',
      from: { path: '^model/', pathNot: tests },
      to: { path: '.', pathNot: ['^model/', '^node_modules/acorn/'] },
    },
    {
      name: 'kit-above-the-model',
      comment: 'The kit is the public contract of a node: what implements it, on either side, is built upon it.',
      severity: 'error',
      from: { path: '^kit/', pathNot: tests },
      to: { path: '.', pathNot: ['^(kit|model)/', '^node_modules/acorn/'] },
    },
    {
      name: 'kit-by-its-exports',
      comment: 'The kit is a package: what its export map does not name may change at any time.',
      severity: 'error',
      from: { pathNot: '^kit/' },
      to: { path: '^kit/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'io-above-the-kit',
      comment: 'How this machine is read and written is for nodes and engine alike: it knows neither.',
      severity: 'error',
      from: { path: '^io/', pathNot: tests },
      to: { path: '^(engine|nodes|renderer|electron|server|test|bench|scripts)/' },
    },
    {
      name: 'operators-know-the-contract-only',
      comment: 'How rows are grouped, joined and ordered is the same for every runner: operators know neither plan nor process, and nothing of Node.',
      severity: 'error',
      from: { path: '^engine/operators/', pathNot: tests },
      to: { path: '.', pathNot: '^(engine/operators|kit|model)/' },
    },
    {
      name: 'nodes-know-only-their-kit',
      comment:
        'A node can be written, read and tested alone, and be moved into a plug-in: it knows the kit, the machine and file formats, and says what it does; the engine knows how.',
      severity: 'error',
      from: { path: '^nodes/([^/]+)/', pathNot: tests },
      to: { path: '^(engine|nodes|renderer|electron|server|test|bench|scripts)/', pathNot: '^nodes/($1|formats)/' },
    },
    {
      name: 'formats-below-the-families',
      comment: 'What several families share knows none of them.',
      severity: 'error',
      from: { path: '^nodes/formats/', pathNot: tests },
      to: { path: '^nodes/', pathNot: '^nodes/formats/' },
    },
    {
      name: 'declarations-load-nothing',
      comment:
        'What lies in a folder of nodes/ declares: the catalogue reads it at each start. What carries a node out, and every library, lies below and is imported by "loaded(() => import(…))", when a run or a preview needs it: kit/loaded.ts.',
      severity: 'error',
      from: { path: ['^nodes/[^/]+[.]ts$', '^nodes/[^/]+/[^/]+[.]ts$'], pathNot: tests },
      to: { path: '.', pathNot: ['^(kit|model)/', '^nodes/[^/]+/[^/]+[.]ts$'], dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'kit-and-model-load-nothing',
      comment: 'All declarations are built upon them: what they import, every start loads. Of packages they know types alone.',
      severity: 'error',
      from: { path: '^(kit|model)/', pathNot: tests },
      to: { path: '^node_modules/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nodes-come-by-the-index',
      comment: 'Adding a node touches one file, because nobody imports nodes one by one; the engine is given a catalogue.',
      severity: 'error',
      from: { path: '^(engine|electron|server|renderer)/', pathNot: tests },
      to: { path: '^nodes/', pathNot: '^nodes/index[.]ts$' },
    },
    {
      name: 'engine-below-its-hosts',
      comment: 'The engine runs, and is tested, without Electron, a server or a window: the hosts know the engine, not the other way round.',
      severity: 'error',
      from: { path: '^(engine|nodes|io|kit|model)/' },
      to: { path: [layers, '^node_modules/electron/'] },
    },
    {
      name: 'sqlite-by-its-driver',
      comment:
        "Two SQLite libraries that open one file in one process take away each other's locks and damage it: whoever opens a file asks the driver, tests too.",
      severity: 'error',
      from: {
        path: '^(engine|nodes|io|kit|electron|server)/',
        pathNot: '^io/sqlite/sqlite-(driver|node|better)([.]test)?[.]ts$|^engine/sandbox/sandbox[.]test[.]ts$',
      },
      to: { path: '^io/sqlite/sqlite-(node|better)[.]ts$|^node_modules/(@types/)?better-sqlite3/|^(node:)?sqlite$' },
    },
    {
      name: 'pure-layers-stay-pure',
      comment: 'Document, protocol and plan also run in a browser: no built-in modules of Node, no native ones, no code of other layers.',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-layers-know-each-other-only',
      comment: 'What is pure must not reach what is not. acorn and zod are pure as well.',
      severity: 'error',
      from: { path: pure, pathNot: tests },
      to: { path: '.', pathNot: [pure, '^(kit|model)/', '^node_modules/(zod|acorn)/', '^(node:)?[a-z_/]+$'] },
    },
    {
      name: 'editor-by-protocol',
      comment: 'The editor shows any engine, also a remote one, and any node, also of a plug-in: it gets everything as data.',
      severity: 'error',
      from: { path: '^renderer/', pathNot: tests },
      to: { path: '^(engine|kit|io|nodes|electron|server)/', pathNot: '^engine/(document|protocol)/' },
    },
    {
      name: 'editor-floors-below-the-features',
      comment: 'Session, shell, documents, the code editor, the grid, and what draws values and graphs are for all features, and know none of them.',
      severity: 'error',
      from: { path: `^renderer/(${editorFloors})/`, pathNot: tests },
      to: { path: '^renderer/', pathNot: `^renderer/(${editorFloors})/` },
    },
    {
      name: 'no-feature-imports-another',
      comment:
        'A feature can be read, changed and left out alone: what several of them share lies in a floor below, and what one wants of another goes by a command, a slot or the session.',
      severity: 'error',
      from: { path: `^renderer/(?!(?:${editorFloors}|app)/)([^/]+)/`, pathNot: tests },
      to: { path: '^renderer/', pathNot: `^renderer/($1|${editorFloors})/` },
    },
    {
      name: 'features-by-their-contributions',
      comment: 'Which features there are is written in one place, app/contributions.ts: the window around them knows slots and names of commands.',
      severity: 'error',
      from: { path: '^renderer/(app/|[^/]+$)', pathNot: [tests, '^renderer/app/contributions[.]ts$'] },
      to: { path: '^renderer/[^/]+/', pathNot: `^renderer/(app|${editorFloors})/` },
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
      from: { path: '^(model|kit|io|engine|nodes|electron|server|renderer)/', pathNot: tests },
      to: { path: ['^(test|bench|kit/testing)/', tests] },
    },
    {
      name: 'no-cycles',
      comment: 'Files that need each other, be it for a type, are one file in pieces.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that starts nothing is dead. Nodes are collected by a glob; tests and entries start things.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [tests, '^nodes/(_template[.]ts|[^/]+/[^/]+[.]ts$)', '[.]d[.]ts$', '^(engine/index|electron/(main|preload))[.]ts$'],
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
