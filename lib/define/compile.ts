import { hashOf } from '#spec/canonical-json.ts';
import { viewId } from '#spec/find.ts';
import { type Manifest, manifestVersion, namePattern, type View } from '#spec/manifest.ts';
import { type AnyView, collect } from './compile/collect.ts';
import { orderByInputs } from './compile/cycles.ts';
import { compileEntity } from './compile/entity.ts';
import { definitionHash, partsRead } from './compile/hashes.ts';
import { inputTypes } from './compile/input-types.ts';
import { checkUnique } from './compile/names.ts';
import { compileOnDemandView } from './compile/on-demand-view.ts';
import { Problems, shown } from './compile/problems.ts';
import { compileService } from './compile/service.ts';
import { compileParquetSource, compileRequestSource } from './compile/source.ts';
import { compileBatchView, compileTableView } from './compile/stored-view.ts';
import { readersOf } from './compile/stream-readers.ts';
import { compileStreamSource } from './compile/stream-source.ts';
import { compileStreamView } from './compile/stream-view.ts';
import type { Definitions } from './config.ts';
import { checkDeterminism } from './determinism.ts';
import type { Origin } from './origin.ts';

export interface CompileOptions {
  readonly project: string;
  /** Files under it are named relative to it in problems. @default as the stack names them */
  readonly folder?: string;
  /**
   * Hash of each on-demand view's bundled code and of Node's major version, by `view@version`.
   * @default the hash of the transform's own text, which misses the helpers that it calls
   */
  readonly transformHashes?: Readonly<Record<string, string>>;
}

/** The project's name stands in the config. */
const configOrigin: Origin = { at: () => 'tidemark.config.ts', files: () => [] };

/**
 * Compiles definitions, with all that they refer to, into the manifest: plain canonical JSON, equal for equal definitions whatever
 * their order. Throws one define.invalid whose message and `details.problems` say everything that is wrong, each with file:line.
 */
export function compile(definitions: Definitions, options: CompileOptions): Manifest {
  const problems = new Problems(options.folder);
  if (!namePattern.test(options.project) || options.project.length > 30)
    problems.add(
      configOrigin,
      'wrongName',
      `project has the name ${shown(options.project)}; it must match ${namePattern.source} and have at most 30 characters, for resources are named after it`,
    );
  const collected = collect(definitions);
  checkUnique(collected, problems);
  const entities = [...collected.entities].map((entity) => compileEntity(entity, problems));
  const sources = [...collected.sources].map((source) =>
    source.kind === 'parquet'
      ? compileParquetSource(source, problems)
      : source.kind === 'stream'
        ? compileStreamSource(source, readersOf(source, collected.views), problems)
        : compileRequestSource(source, problems),
  );
  const views = new Map<string, View>();
  for (const definition of orderByInputs(collected.views, problems)) {
    const compiled = compileView(definition, options, problems);
    if (definition.kind === 'onDemand' && compiled.kind === 'onDemand') {
      const types = inputTypes(compiled, { views: [...views.values()], sources });
      if (types) checkDeterminism(definition, types, problems);
    }
    views.set(viewId(definition), {
      ...compiled,
      definitionHash: definitionHash({ view: compiled, ...partsRead(compiled, { entities, sources, views }) }),
    });
  }
  const services = [...collected.services].map((definition) => {
    const service = compileService(definition, problems);
    const hashes = service.features.map(
      ({ view, version }) => views.get(viewId({ name: view, version }))?.definitionHash,
    );
    const { serving: _serving, ...decisive } = service; // how it is answered, not what its values mean
    return { ...service, definitionHash: definitionHash({ service: decisive, hashes }) };
  });
  problems.throwIfAny();
  const manifest = {
    manifestVersion,
    project: options.project,
    entities: entities.sort(byName),
    sources: sources.sort(byName),
    views: [...views.values()].sort(byName),
    services: services.sort(byName),
  } as const;
  return { ...manifest, hash: hashOf(manifest) };
}

function compileView(definition: AnyView, { transformHashes }: CompileOptions, problems: Problems) {
  switch (definition.kind) {
    case 'table':
      return compileTableView(definition, problems);
    case 'batch':
      return compileBatchView(definition, problems);
    case 'streamView':
      return compileStreamView(definition, problems);
    default: {
      const compiled = compileOnDemandView(definition, problems);
      const transformHash = transformHashes?.[viewId(definition)] ?? hashOf(String(definition.transform));
      return { ...compiled, transformHash };
    }
  }
}

const byName = (a: { name: string; version?: number }, b: { name: string; version?: number }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : (a.version ?? 0) - (b.version ?? 0);
