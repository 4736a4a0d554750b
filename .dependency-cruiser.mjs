// Which way imports point. The layers of the engine, lowest first: a folder may import from its own
// layer and from the layers below it.
const layers = [
  ['errors', 'clock', 'token', 'account', 'parameters'],
  ['provider', 'store', 'sealing', 'guard', 'events', 'transport', 'holder', 'escrow'],
  ['renewal'],
  ['schedule'],
  ['engine'],
  ['di'],
];

const core = (folders) => `^packages/core/src/(${folders.join('|')})(/|[.]ts$)`;

const layerRules = layers.slice(0, -1).map((folders, level) => ({
  name: `core-layer-${folders[0]}`,
  comment: `${folders.join(', ')} must not import from a higher layer of the engine.`,
  severity: 'error',
  from: { path: core(folders) },
  to: { path: core(layers.slice(level + 1).flat()) },
}));

const plugin = '^packages/((provider|store)-[^/]+|testing)/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that import each other cannot be understood or tested alone.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { circular: true },
    },
    {
      name: 'unresolvable',
      comment: 'The import leads nowhere: a missing file or an undeclared dependency.',
      severity: 'error',
      from: { path: '^(packages|test)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'core-knows-no-plugin',
      comment: 'The engine knows ports, never a provider, a store, the test kit or the demo.',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: { path: '^packages/(?!core/)' },
    },
    {
      name: 'core-folder-without-layer',
      comment: 'Every folder of the engine has its place in the list of layers.',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: {
        path: '^packages/core/src/[^/]+/',
        pathNot: core(layers.flat()),
      },
    },
    ...layerRules,
    {
      name: 'plugins-import-only-core',
      comment:
        'Providers, stores and the test kit build on @tokenkeep/core and never on each other.',
      severity: 'error',
      from: { path: `${plugin}src/` },
      to: { path: '^packages/', pathNot: ['^packages/core/', '^packages/$1/'] },
    },
    {
      name: 'packages-meet-at-the-entry',
      comment: 'One package reaches another through its public entry, not through a file inside.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: {
        path: '^packages/[^/]+/',
        pathNot: [
          '^packages/$1/',
          '^packages/[^/]+/(src|dist)/index[.](ts|js|d[.]ts)$',
          '^packages/core/(src|dist)/di/index[.](ts|js|d[.]ts)$',
          '^packages/testing/(src|dist)/simulation/index[.](ts|js|d[.]ts)$',
        ],
      },
    },
    {
      name: 'packages-meet-by-name',
      comment: 'Another package is imported by its name, not by a relative path.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'inversify-only-in-di',
      comment: 'The container is an implementation detail of one folder.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/core/src/di/' },
      to: { path: '(^|/)node_modules/(inversify|@inversifyjs|reflect-metadata)(/|$)' },
    },
    {
      name: 'sources-import-no-tests',
      comment: 'Tests know the sources; sources never know the tests.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '(^|/)test/|[.]test[.]ts$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    exclude: { path: '(^|/)(coverage|[.]nx)/' },
    parser: 'tsc',
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
