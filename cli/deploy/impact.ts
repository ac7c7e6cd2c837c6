import { definitionHash, partsRead } from '#define/compile/hashes.ts';
import type { Recompute } from '#engine/materialize/recompute.ts';
import { viewId } from '#spec/find.ts';
import { type Dependents, dependentsOf, type Uses, unionOfDependents, viewDifference } from '#spec/impact.ts';
import type { Manifest, View } from '#spec/manifest.ts';
import { grouped } from '../report/table.ts';
import type { Change } from './changed-views.ts';

/** What a change of a view touches. */
export interface Impact extends Change {
  /** The deployed view that this is compared with, as `name@version`: itself, or for an added one the newest earlier version. */
  readonly before: string | undefined;
  /** What differs: `source orders`, `scheduleMillis`; empty for views that come or go, and where nothing but features differs. */
  readonly because: readonly string[];
  /** Features of the view itself that change, come or go. */
  readonly features: readonly string[];
  readonly dependents: Dependents;
  readonly recompute: Recompute;
}

/** What changes are compared with. */
export interface Compared {
  readonly manifest: Manifest;
  readonly deployed: Uses;
  /** What is to be computed again where both are known. */
  readonly recompute: (stored: View, wanted: View) => Promise<Recompute>;
}

/** The impact of each change, in order. An added view with a deployed earlier version is compared with the newest of those. */
export const impactsOf = (changes: readonly Change[], compared: Compared): Promise<readonly Impact[]> =>
  Promise.all(changes.map((change) => impactOf(change, compared)));

async function impactOf({ change, view: id }: Change, { manifest, deployed, recompute }: Compared): Promise<Impact> {
  const wanted = manifest.views.find((view) => viewId(view) === id);
  const stored = deployed.views.find((view) => viewId(view) === id) ?? (wanted && previousOf(wanted, deployed.views));
  const { features, because } = differenceOf(stored, wanted, manifest);
  const uses = [
    ...(wanted ? [dependentsOf(manifest, wanted, features)] : []),
    ...(stored && change !== 'added' ? [dependentsOf(deployed, stored, features)] : []),
  ];
  const dependents = uses.reduce(unionOfDependents, nobody);
  const before = stored && viewId(stored);
  return { change, view: id, before, because, features, dependents, recompute: await again(change) };

  async function again(of: Change['change']): Promise<Recompute> {
    if (of === 'removed') return { kind: 'none', why: 'the view goes' };
    if (stored && wanted) return await recompute(stored, wanted);
    return of === 'added'
      ? { kind: 'none', why: 'nothing of the view is stored yet' }
      : { kind: 'unknown', why: 'the deployed definition is not known' };
  }
}

const nobody: Dependents = { views: [], features: [], services: [], models: [], owners: [] };

/** The newest deployed version before this one. */
const previousOf = (wanted: View, views: readonly View[]): View | undefined =>
  views
    .filter(({ name, version }) => name === wanted.name && version < wanted.version)
    .sort((a, b) => b.version - a.version)[0];

/** Which features change and why: all of them where the view's own members, its source, its entity or its inputs do. */
function differenceOf(
  stored: View | undefined,
  wanted: View | undefined,
  manifest: Manifest,
): Pick<Impact, 'features' | 'because'> {
  const names = [...new Set([stored, wanted].flatMap((view) => view?.features.map(({ name }) => name) ?? []))];
  if (!stored || !wanted) return { features: names, because: [] };
  const { features, members } = viewDifference(stored, wanted);
  const because = [...members, ...(readsTheSame(stored, manifest) ? [] : [behind(stored)])];
  return { features: because.length > 0 ? names : features, because };
}

/** Does all that the deployed view reads have the definition that it was deployed with? Then it has the same hash beside what is wanted now. */
function readsTheSame(
  { definitionHash: deployedHash, ...view }: View,
  { entities, sources, views }: Manifest,
): boolean {
  const byId = new Map(views.map((wanted) => [viewId(wanted), wanted]));
  return definitionHash({ view, ...partsRead(view, { entities, sources, views: byId }) }) === deployedHash;
}

const behind = (view: View): string =>
  view.kind === 'onDemand'
    ? `its inputs ${view.inputs.map((input) => (input.kind === 'view' ? viewId({ name: input.view, version: input.version }) : input.source)).join(', ')}`
    : `source ${view.source} or entity ${view.entity}`;

/** An impact for people: indented lines under the change; none where nothing of it was deployed before. */
export function impactLines({ before, because, features, dependents, recompute }: Impact): string[] {
  if (before === undefined) return [];
  const { views, features: further, services, models, owners } = dependents;
  const lists = [
    ['changes', because],
    ['features', features],
    ['read by', views],
    ['their features', further],
    ['services', services],
    ['models', models],
    ['owners', owners],
  ] as const;
  return [
    ...lists.flatMap(([label, texts]) => (texts.length === 0 ? [] : [`    ${label}: ${texts.join(', ')}`])),
    `    to recompute: ${recomputeText(recompute)}`,
  ];
}

function recomputeText(recompute: Recompute): string {
  switch (recompute.kind) {
    case 'none':
      return `nothing: ${recompute.why}`;
    case 'unknown':
      return `unknown: ${recompute.why}`;
    case 'objects':
      return `the rows of ${grouped(recompute.objects)} source objects`;
    default: {
      const rows = recompute.rows === undefined ? 'an unknown number of' : `about ${grouped(recompute.rows)}`;
      return `${grouped(recompute.ticks)} ticks, ${rows} rows`;
    }
  }
}
