import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRepository, writeRepositoryModule } from '#define/node/load-repository.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { OnDemandView } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';

/** Under the package, where `tidemark` resolves as it does for users. */
const scratch = resolve('.tidemark/test');
let folder = '';
let made = 0;
beforeAll(async () => {
  await mkdir(scratch, { recursive: true });
  folder = await mkdtemp(join(scratch, 'define-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder with these files. Each is new, for modules are loaded once. */
async function repositoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(folder, `r${made++}`);
  await mkdir(root);
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  return root;
}
const config = (definitions: string): string => `
import { defineConfig } from 'tidemark';
import * as views from './views.ts';
export default defineConfig({ project: 'demo', definitions: [${definitions}], stages: { dev: {} } });
`;
const views = (
  body: string,
  helper = '',
): string => `import { float64, hours, onDemandView, requestSource } from 'tidemark';
export const ride = requestSource('ride', { schema: { km: float64() } });
${helper}
export const computed = onDemandView('computed', {
  inputs: { ride },
  outputs: { x: float64() },
  owner: 'x',
  transform: ({ ride: { km } }) => ({ x: km === null ? null : ${body} }),
});
`;
const errorOf = async (promise: Promise<unknown>): Promise<TidemarkError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TidemarkError) return error;
  throw new Error(`expected a TidemarkError, got ${String(error)}`);
};
const hashOf = async (files: Readonly<Record<string, string>>): Promise<string | undefined> => {
  const { repository } = await loadRepository(await repositoryOf({ 'tidemark.config.ts': config('views'), ...files }));
  return repository.manifest.views.find((view): view is OnDemandView => view.kind === 'onDemand')?.transformHash;
};

describe('loading a folder', () => {
  it('gives the manifest, the transforms, the stages and where everything is defined', async () => {
    const root = await repositoryOf({ 'tidemark.config.ts': config('views'), 'views.ts': views('km * 2') });
    const { config: loaded, repository, origins } = await loadRepository(root);
    expect(repository.manifest.project).toBe('demo');
    expect(repository.transforms['computed@1']?.({ ride: { km: 4 } }, { asOf: 0 })).toEqual({ x: 8 });
    expect(loaded.stages).toMatchObject({ dev: { protectData: false, logRetentionDays: 30 } });
    expect(origins).toEqual({ 'computed@1': 'views.ts:4' });
  });

  it('takes the level of naming, which changes no hash', async () => {
    const load = async (naming: string) =>
      await loadRepository(
        await repositoryOf({
          'tidemark.config.ts': `import * as views from './views.ts';
export default { project: 'demo', definitions: [views], stages: { dev: {} }${naming} };`,
          'views.ts': views('km * 2'),
        }),
      );
    const [plain, strict] = [await load(''), await load(", naming: 'error'")];
    expect([plain.config.naming, strict.config.naming]).toEqual(['warn', 'error']);
    expect(strict.repository.manifest).toEqual(plain.repository.manifest);
  });

  it('takes the access along into the bundle, where it changes no hash', async () => {
    const load = async (access: string) => {
      const root = await repositoryOf({
        'tidemark.config.ts': `import * as views from './views.ts';
export default { project: 'demo', definitions: [views], stages: { dev: {} }${access} };`,
        'views.ts': views('km * 2'),
      });
      await writeRepositoryModule(root, join(root, 'repository.mjs'));
      return ((await import(join(root, 'repository.mjs'))) as { repository: Repository }).repository;
    };
    const [plain, guarded] = [
      await load(''),
      await load(", access: { roles: { a: { read: { views: ['computed'] } } } }"),
    ];
    expect(plain.access).toBeUndefined();
    expect(guarded.access).toMatchObject({ roles: { a: { read: { views: ['computed'] }, admin: false } } });
    expect(guarded.manifest).toEqual(plain.manifest);
  });

  it('fails when there is no config', async () => {
    const root = await repositoryOf({});
    const { code, kind, message } = await errorOf(loadRepository(root));
    expect([code, kind]).toEqual(['define.noConfig', 'notFound']);
    expect(message).toContain(`there is no tidemark.config.ts in ${root}`);
  });

  it('fails when the config throws, with its reason', async () => {
    const root = await repositoryOf({ 'tidemark.config.ts': "throw new Error('out of coffee');" });
    const { code, message } = await errorOf(loadRepository(root));
    expect(code).toBe('define.configFailed');
    expect(message).toBe(`${root}/tidemark.config.ts cannot be loaded: out of coffee`);
  });

  it.each([
    ['no default export', 'export const config = {};', 'it has no default export'],
    ['another default export', 'export default 5;', 'it must be an object, got number'],
    ['no project', 'export default { definitions: [], stages: { dev: {} } };', 'project must be a name'],
    ['no definitions', "export default { project: 'p', stages: { dev: {} } };", 'definitions must be a list'],
    ['no stage', "export default { project: 'p', definitions: [], stages: {} };", 'stages is empty'],
    [
      'an unknown member',
      "export default { project: 'p', definitions: [], stages: { dev: {} }, view: 1 };",
      'unknown view; it has project, definitions, stages, naming, access',
    ],
    [
      'an unknown level of naming',
      "export default { project: 'p', definitions: [], stages: { dev: {} }, naming: 'strict' };",
      'naming must be one of off, warn, error, got "strict"',
    ],
    [
      'a role with a right that there is not',
      "export default { project: 'p', definitions: [], stages: { dev: {} }, access: { roles: { a: { reed: {} } } } };",
      'access.roles.a has unknown reed',
    ],
    [
      'a role for a view that there is not',
      "export default { project: 'p', definitions: [], stages: { dev: {} }, access: { roles: { a: { read: { views: ['x'] } } } } };",
      'access.roles.a.read.views has "x"; there are none',
    ],
    [
      'an issuer for a stage and a role that there are not',
      "export default { project: 'p', definitions: [], stages: { dev: {} }, access: { roles: {}, issuers: [{ issuer: 'i', audience: 'a', keysUrl: 'https://i/keys', roles: ['x'], stages: ['prod'] }] } };",
      'access.issuers.0.roles has "x"; there are none; access.issuers.0.stages has "prod"; there are dev',
    ],
    [
      'an issuer twice for one stage',
      "const of = { issuer: 'i', audience: 'a', keysUrl: 'https://i/keys' }; export default { project: 'p', definitions: [], stages: { dev: {} }, access: { roles: {}, issuers: [of, { ...of, stages: ['dev'] }] } };",
      'access.issuers.1 has the issuer of an earlier one',
    ],
    [
      'roles for half an ARN',
      "export default { project: 'p', definitions: [], stages: { dev: {} }, access: { roles: {}, iam: { scoring: [] } } };",
      'access.iam',
    ],
    [
      'a wrong region',
      "export default { project: 'p', definitions: [], stages: { dev: { region: 'mars' } } };",
      'stages.dev.region',
    ],
    [
      'an unknown member of a stage',
      "export default { project: 'p', definitions: [], stages: { dev: { regoin: 'x' } } };",
      'stages.dev has unknown regoin',
    ],
    [
      'a stage with a bad name',
      "export default { project: 'p', definitions: [], stages: { 'my stage': {} } };",
      "a stage's name must match",
    ],
  ])('fails with %s', async (_, text, said) => {
    const { code, message } = await errorOf(loadRepository(await repositoryOf({ 'tidemark.config.ts': text })));
    expect(code).toBe('define.wrongConfig');
    expect(message).toContain(said);
  });

  it('reports problems with the file and line in which they stand', async () => {
    const root = await repositoryOf({
      'tidemark.config.ts': config('views'),
      'views.ts': `import { entity, requestSource } from 'tidemark';

export const nobody = entity('nobody', {
  keys: {},
});
export const empty = requestSource('empty', { schema: {} });
`,
    });
    const { code, message, details } = await errorOf(loadRepository(root));
    expect(code).toBe('define.invalid');
    expect(message).toBe(`2 problems in the definitions:
  views.ts:3  entity "nobody" has no keys; give at least one, as keys: { nobody_id: int64() }  [define.noKeys]
  views.ts:6  request source "empty" has no fields; give at least one, as schema: { amount: float64() }  [define.noColumns]`);
    expect(details.problems).toHaveLength(2);
  });

  it('fails when an on-demand view is not exported', async () => {
    const root = await repositoryOf({
      'tidemark.config.ts': config('views.all[0]'),
      'views.ts': views('km')
        .replace('export const computed', 'const computed')
        .concat('export const all = [computed];'),
    });
    const { code, message } = await errorOf(loadRepository(root));
    expect(code).toBe('define.invalid');
    expect(message).toContain(
      'views.ts:4  on-demand view "computed" is not exported, so its transform cannot be bundled',
    );
  });
});

describe('the hash of a transform', () => {
  it('does not change with comments, whitespace and types', async () => {
    const plain = await hashOf({ 'views.ts': views('twice(km)', 'const twice = (x: number): number => x * 2;') });
    const other = await hashOf({
      'views.ts': views('twice(km /* in km */)', '// a helper\nconst twice = (x: number) =>\n  x * 2;'),
    });
    expect(other).toBe(plain);
  });

  it('does not change with definitions that the transform does not call', async () => {
    const plain = await hashOf({ 'views.ts': views('km') });
    const more = await hashOf({
      'views.ts': views(
        'km',
        "export const other = requestSource('other', { schema: { y: float64() } });\nexport const unused = () => 5;",
      ),
    });
    expect(more).toBe(plain);
  });

  it('changes with the code of a helper, also in another file', async () => {
    const helper = (factor: number): Promise<string | undefined> =>
      hashOf({
        'views.ts': views('scaled(km)', "import { scaled } from './helper.ts';"),
        'helper.ts': `export const scaled = (x: number): number => x * ${factor};`,
      });
    const [two, three, again] = [await helper(2), await helper(3), await helper(2)];
    expect(two).not.toBe(three);
    expect(again).toBe(two);
  });
});

describe('the repository module', () => {
  const load = async (file: string): Promise<Repository> => (await import(file)).repository;

  it('holds manifest and transforms, and nothing of the definition functions', async () => {
    const root = await repositoryOf({
      'tidemark.config.ts': config('views'),
      'views.ts': views('scaled(km) + hours(1)', "import { scaled } from './helper.ts';"),
      'helper.ts': 'export const scaled = (x: number): number => x * 3;',
    });
    const file = join(root, 'generated', 'repository.mjs');
    const written = await writeRepositoryModule(root, file);
    const repository = await load(file);
    expect(repository.manifest).toEqual(written.repository.manifest);
    expect(repository.transforms['computed@1']?.({ ride: { km: 2 } }, { asOf: 0 })).toEqual({ x: 3_600_006 });
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/^import /m);
    expect(text).not.toContain('originOfCaller');
  });

  it('loads although other code of the same files goes on using definitions', async () => {
    const root = await repositoryOf({
      'tidemark.config.ts': config('views'),
      'views.ts': `${views('km').replace('onDemandView, ', 'entity, feature, featureService, int64, onDemandView, parquetSource, tableView, ')}
const rows = parquetSource('rows', { location: 'rows/', schema: { id: int64(), a: float64() } });
export const table = tableView('table', { entity: entity('e', { keys: { id: int64() }, owner: 'x' }), source: rows, features: { a: feature() } });
const { features } = table;
export const model = featureService('model', [features.a, ...[table.features.a].slice(1), computed]);
console.assert(\`\${table.name}\` !== 'other');
`,
    });
    const file = join(root, 'repository.mjs');
    await writeRepositoryModule(root, file);
    expect((await load(file)).transforms['computed@1']?.({ ride: { km: 2 } }, { asOf: 0 })).toEqual({ x: 2 });
  });

  it('is refused when the bundled transform would give other results', async () => {
    const root = await repositoryOf({
      'tidemark.config.ts': config('views'),
      'views.ts': views('ride.name.length'),
    });
    const { code, message } = await errorOf(writeRepositoryModule(root, join(root, 'repository.mjs')));
    expect(code).toBe('define.bundleDiffers');
    expect(message).toContain('the bundled transform of computed@1 gives other results than the definition');
  });

  it('has the same text wherever the folder lies', async () => {
    const files = { 'tidemark.config.ts': config('views'), 'views.ts': views('km * 2') };
    const texts = await Promise.all(
      [await repositoryOf(files), await repositoryOf(files)].map(async (root) => {
        const file = join(root, 'repository.mjs');
        await writeRepositoryModule(root, file);
        return (await readFile(file, 'utf8')).replace(/\/\/# sourceMappingURL.*/, '');
      }),
    );
    expect(texts[0]).toBe(texts[1]);
  });
});
