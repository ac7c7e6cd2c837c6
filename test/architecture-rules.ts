import type { IConfiguration, SeverityType } from 'dependency-cruiser';

/** Room -> what it may import besides itself, as ARCHITECTURE.md says it. Regular expressions from the repository's root. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'lib/spec': ['npm:zod', 'npm:@noble/hashes'],
  'lib/semantics': ['lib/spec/'],
  'lib/define/(?!node/)': ['lib/define/', 'lib/spec/', 'lib/semantics/'],
  'lib/define/node': ['lib/define/', 'lib/spec/', 'npm:esbuild', 'npm:@noble/hashes', 'node:[a-z_/]+$'],
  'lib/codec': [
    'npm:zod',
    'lib/spec/',
    'lib/semantics/',
    'npm:hyparquet',
    'npm:hyparquet-writer',
    'npm:hyparquet-compressors',
    'npm:@noble/hashes',
  ],
  'lib/sql': ['lib/spec/', 'lib/semantics/'],
  'lib/store/[^/]+$': [
    'lib/store/[^/]+$',
    'lib/spec/',
    'lib/semantics/',
    'lib/codec/',
    'npm:zod',
    'node:(crypto|timers/promises)$',
  ],
  'lib/store/[^/]+/': [
    'lib/store/',
    'lib/spec/',
    'lib/semantics/',
    'lib/codec/',
    'npm:@aws-sdk',
    'npm:@smithy',
    'npm:zod',
    'node:[a-z_/]+$',
  ],
  'lib/engine': [
    'lib/(spec|semantics|codec|sql|observe)/',
    'lib/store/[^/]+$',
    'npm:zod',
    'npm:@noble/hashes',
    'node:timers/promises$',
  ],
  'lib/observe': [],
  'lib/infra': [
    'lib/(spec|sql|observe)/',
    'lambdas/[^/]+/environment',
    'npm:aws-cdk-lib',
    'npm:constructs',
    'npm:cdk-nag',
    'npm:zod',
    'npm:esbuild',
    'node:(path|url|fs)$',
  ],
  lambdas: [
    'lib/(?!infra/)',
    'npm:@middy',
    'npm:@aws-lambda-powertools',
    'npm:@aws-sdk',
    'npm:zod',
    'npm:@types/aws-lambda',
    'npm:jose',
    'node:(crypto|buffer|http)$',
  ],
  cli: [
    'lib/(?!infra/)',
    'lambdas/(http|serve-features)/',
    'localstack/',
    'npm:@aws-sdk',
    'npm:zod',
    'npm:esbuild',
    'node:[a-z_/]+$',
  ],
  'clients/typescript': [],
  'clients/direct': ['lib/define/node/', 'lambdas/(http|serve-features)/', 'node:(crypto|path)$'],
  localstack: ['node:[a-z_/]+$'],
  examples: ['lib/define/index', 'clients/typescript/index', 'node:[a-z_/]+$'],
  bin: ['lib/(infra|define|spec)/', 'npm:aws-cdk-lib', 'npm:cdk-nag', 'node:[a-z_/]+$'],
};
const toPath = (target: string): string => {
  if (target.startsWith('npm:')) return `(^|/)node_modules/${target.slice(4)}(/|$)`;
  return target.startsWith('node:') ? `^${target.slice(5)}` : `^${target}`;
};
const severity: SeverityType = 'error';
const rooms = Object.entries(mayImport).map(([room, targets]) => ({
  name: `room ${room}`,
  severity,
  from: { path: room.endsWith('$') || room.endsWith(')') || room.endsWith('/') ? `^${room}` : `^${room}/` },
  to: {
    pathNot: [
      `^${room.replace(/\(\?!.*\)/, '')}${room.endsWith('$') || room.endsWith('/') ? '' : '/'}`,
      ...targets.map(toPath),
    ],
  },
}));
export const architectureRules: IConfiguration = {
  forbidden: [
    ...rooms,
    { name: 'nothing imports test', severity, from: { pathNot: '^test/' }, to: { path: '^test/' } },
    {
      name: 'oracles import nothing of lib',
      severity,
      from: { path: '^test/oracle/' },
      to: { pathNot: ['^test/oracle/', '^(node:|(buffer|crypto)$)'] },
    },
    { name: 'no cycles', severity, from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
