import type { Grants } from '#engine/access/grants.ts';
import { refused } from '#engine/access/reach-features.ts';
import { frameFields, viewColumnNames } from '#engine/ingest/frame-rows.ts';
import { feastProblems } from '#lambdas/feast/answer-problem.ts';
import { readFeastBody } from '#lambdas/feast/read-body.ts';
import type { Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findRowSource, findView, viewId } from '#spec/find.ts';
import type { Manifest, TableView, View } from '#spec/manifest.ts';
import { maximumFrameBytes, writeBodySchema } from './event.ts';
import { type WritePorts, writeRows } from './write-rows.ts';

/** POST /write-to-online-store: rows of a table view, which is what the push of Feast's SDK sends. They become rows of the view's source. */
export const feastWriteRoute = (ports: WritePorts): Route => ({
  method: 'POST',
  pattern: '/write-to-online-store',
  maxBodyBytes: maximumFrameBytes,
  answerProblem: feastProblems(ports.manifest.project),
  handle: async ({ body, principal, charge }) => {
    const { feature_view_name: name, df: frame } = readFeastBody(body, writeBodySchema);
    const view = writtenView(ports.manifest, name, principal.grants.push);
    const source = findRowSource(ports.manifest, view.source);
    const fields = frameFields(ports.manifest, source, { frame, nameIn: viewColumnNames(view, source, frame) });
    charge(fields.length);
    return { body: 'null', log: await writeRows(ports, source, { fields, isOnline: true }) };
  },
});

/** The view, by the right to push to its source: whoever may not is told the same of a view that there is not. */
function writtenView(manifest: Manifest, name: string, push: Grants['push']): TableView {
  const view = viewNamed(manifest, name);
  const source = view === undefined || view.kind === 'onDemand' ? undefined : view.source;
  if (!push.isAll && (source === undefined || !push.has(source))) throw refused('write to', JSON.stringify(name));
  if (view === undefined)
    // Feast's own words, and its class for what is not found
    throw new TidemarkError('feast.unknownObject', `Can't recognize feast object with a name ${name}`, {
      kind: 'notFound',
    });
  if (view.kind === 'table' && view.online) return view;
  const instead = source === undefined ? 'nothing of it is stored' : `push rows to its source ${source}`;
  throw new TidemarkError(
    'feast.invalidRequest',
    `${viewId(view)} cannot be written to: only table views that are kept online hold rows as they are; ${instead}`,
  );
}

function viewNamed(manifest: Manifest, name: string): View | undefined {
  try {
    return findView(manifest, name);
  } catch (error) {
    if (error instanceof TidemarkError && error.kind === 'notFound') return undefined;
    throw error;
  }
}
