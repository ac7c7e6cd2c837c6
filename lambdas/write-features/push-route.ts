import { refused } from '#engine/access/reach-features.ts';
import { onlineTableViews } from '#engine/ingest/append-rows.ts';
import { frameFields } from '#engine/ingest/frame-rows.ts';
import { feastProblems } from '#lambdas/feast/answer-problem.ts';
import { readFeastBody } from '#lambdas/feast/read-body.ts';
import type { Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest, RowSource } from '#spec/manifest.ts';
import { maximumFrameBytes, pushBodySchema } from './event.ts';
import { type WritePorts, writeRows } from './write-rows.ts';

const targets = ['online', 'offline', 'online_and_offline'] as const;
type PushTarget = (typeof targets)[number];

/** POST /push: rows of a source, as Feast pushes them. Whatever goes online is kept offline too. */
export const feastPushRoute = (ports: WritePorts): Route => ({
  method: 'POST',
  pattern: '/push',
  maxBodyBytes: maximumFrameBytes,
  answerProblem: feastProblems(ports.manifest.project),
  handle: async ({ body, principal, charge }) => {
    const asked = readFeastBody(body, pushBodySchema);
    const { push_source_name: name } = asked;
    const to = targetOf(asked.to ?? 'online');
    if (!principal.grants.push.has(name)) throw refused('push to', JSON.stringify(name));
    const source = pushSource(ports.manifest, name);
    if (to !== 'offline') refuseUnserved(ports.manifest, source);
    const fields = frameFields(ports.manifest, source, { frame: asked.df, nameIn: (column) => column });
    charge(fields.length);
    return { body: '', log: await writeRows(ports, source, { fields, isOnline: to !== 'offline' }) };
  },
});

function targetOf(to: string): PushTarget {
  const known = targets.find((target) => target === to);
  if (known) return known;
  throw new TidemarkError(
    'feast.invalidRequest',
    `${to} is not a supported push format. Please specify one of these ['online', 'offline', 'online_and_offline'].`,
  );
}

function pushSource({ sources }: Manifest, name: string): RowSource {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined && found.kind !== 'request') return found;
  throw new TidemarkError('feast.unknownPushSource', `Unable to find push source '${name}'.`);
}

/** Rows that only batch views read are served from their next tick on: not by a push. */
function refuseUnserved(manifest: Manifest, source: RowSource): void {
  if (source.kind === 'stream' || onlineTableViews(manifest, source).length > 0) return;
  throw new TidemarkError(
    'feast.invalidRequest',
    `no table view serves rows of ${source.name}: batch views compute them at their ticks; push to offline`,
  );
}
