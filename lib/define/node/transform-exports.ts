import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { viewId } from '#spec/find.ts';
import { collect } from '../compile/collect.ts';
import { Problems } from '../compile/problems.ts';
import type { Definitions } from '../config.ts';
import type { OnDemandView } from '../on-demand-view.ts';

/** Where a bundle finds the transform of an on-demand view: an export of one of the user's files. */
export interface TransformExport {
  readonly viewId: string;
  readonly file: string;
  readonly exportName: string;
  readonly view: OnDemandView;
}

/**
 * Finds the export of every on-demand view among the files of its creation, by view id. Throws define.invalid for a view that none
 * of them exports: its code could not be bundled.
 */
export async function transformExports(definitions: Definitions, folder: string): Promise<readonly TransformExport[]> {
  const problems = new Problems(folder);
  const found: TransformExport[] = [];
  for (const view of collect(definitions).views) {
    if (view.kind !== 'onDemand') continue;
    const exported = await exportOf(view);
    if (exported) found.push(exported);
    else
      problems.add(
        view.origin,
        'notExported',
        `on-demand view "${view.name}" is not exported, so its transform cannot be bundled; write export const ... = onDemandView(...) in the file that makes it`,
      );
  }
  problems.throwIfAny();
  return found.sort((a, b) => (a.viewId < b.viewId ? -1 : 1));
}

async function exportOf(view: OnDemandView): Promise<TransformExport | undefined> {
  for (const file of view.origin.files()) {
    if (!existsSync(file)) continue; // a frame inside Node
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href);
    for (const [exportName, value] of Object.entries(module))
      if (value === view) return { viewId: viewId(view), file, exportName, view };
  }
  return undefined;
}
