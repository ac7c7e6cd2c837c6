import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deployedTypes } from '#cli/codegen/deployed-types.ts';
import { pythonCode } from '#cli/codegen/python-code.ts';
import { typescriptCode } from '#cli/codegen/typescript-code.ts';
import { loadManifest } from '#cli/repository.ts';
import { manifestSchema } from '#spec/manifest.ts';
import { runCli } from '#test/support/run-cli.ts';
import { repository } from '#test/unit/serve/shop.ts';

const scratch = resolve('.tidemark/test');
mkdirSync(scratch, { recursive: true });
const folder = mkdtempSync(join(scratch, 'codegen-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shop = deployedTypes(repository.manifest);
const use = `
import { createClient } from 'tidemark/client';
import { type Deployment, services, type Values } from './shop.ts';
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>(): void => {};
const client = createClient<Deployment>({ url: '', token: '' });
const asked = { service: 'checkout', entities: [{ customer_id: 1n }], request: [{ amount: 1, voucher: 2n, sizes: [1, null] }] } as const;
const { rows } = await client.onlineFeatures(asked);
holds<Equal<(typeof rows)[number]['values'], Values['checkout@1']>>();
const hash: string = services['lanes@3'].vectorHash;
await client.onlineVectors({ features: ['everything@2:a_list_int64'], entities: [{ customer_id: 1 }], vectorHash: hash });
`;

describe('generated TypeScript', () => {
  it('types a client by itself: every kind of view and type, keys that are needed, bare and versioned names', () => {
    writeFileSync(join(folder, 'shop.ts'), typescriptCode(shop));
    writeFileSync(join(folder, 'right.ts'), use);
    writeFileSync(
      join(folder, 'wrong.ts'),
      use.replace('customer_id: 1n', 'origin: "a"').replace("'checkout@1'", "'lanes@3'"),
    );
    const config = { extends: resolve('tsconfig.json'), compilerOptions: { types: ['node'] }, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = resolve('node_modules/typescript7/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
    const faults = stdout.split('\n').filter((line) => /^\S.*error/.test(line));
    expect(faults.filter((line) => !line.includes('wrong.ts'))).toEqual([]);
    expect(stdout).toMatch(/customer_id/);
    expect(faults.join('\n')).toMatch(/does not satisfy the constraint 'true'/);
  });

  it('has equal bytes for equal definitions, in whatever order they are declared', async () => {
    const { manifest } = repository;
    const turned = manifestSchema.parse({
      ...manifest,
      views: manifest.views.toReversed(),
      services: manifest.services.toReversed(),
      entities: manifest.entities.toReversed(),
    });
    expect(typescriptCode(deployedTypes(turned))).toBe(typescriptCode(shop));
    expect(typescriptCode(deployedTypes(await loadManifest('examples/flights')))).toContain("'delay_model@1'");
  });

  it('lets no description end its comment', () => {
    const described = shop.services.map((service) => ({ ...service, description: 'a */ let x\n = 1; /*' }));
    expect(typescriptCode({ ...shop, services: described })).toContain('/** a *\\/ let x = 1; /* */');
  });
});

describe('generated Python', () => {
  it('is a module whose TypedDicts have the members and types of the services', () => {
    writeFileSync(join(folder, 'shop.py'), pythonCode(shop));
    const program = `
import json, shop
print(json.dumps([sorted(shop.customer_keys.__annotations__), {k: str(v) for k, v in shop.checkout_v1.__annotations__.items()}, shop.VECTOR_HASHES]))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', program], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      ['customer_id'],
      { risky: 'bool | None', orders__order_count: 'int | None', share: 'float | None' },
      Object.fromEntries(shop.services.map(({ id, vectorHash }) => [id, vectorHash])),
    ]);
  });
});

describe('tidemark codegen', () => {
  const words = ['codegen', '--repository', 'examples/ride-sharing', '--out', join(folder, 'rides/types.ts')];

  it('writes the file, and with --check exits 3 where it is missing or stale', async () => {
    const missing = await runCli([...words, '--check', '--json']);
    expect([missing.exitCode, JSON.parse(missing.stdout).isStale]).toEqual([3, true]);
    expect((await runCli(words)).exitCode).toBe(0);
    const written = readFileSync(join(folder, 'rides/types.ts'), 'utf8');
    expect((await runCli([...words, '--check'])).exitCode).toBe(0);
    writeFileSync(join(folder, 'rides/types.ts'), written.replace('int64', 'int32'));
    expect((await runCli([...words, '--check'])).exitCode).toBe(3);
    expect(readFileSync(join(folder, 'rides/types.ts'), 'utf8')).not.toBe(written);
  });

  it('refuses a language that it cannot write, and to write nowhere, with exit code 2', async () => {
    const unknown = await runCli([...words, '--lang', 'rust']);
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining('typescript, python')]);
    expect((await runCli(['codegen'])).exitCode).toBe(2);
  });
});
