import { type NameFinding, nameFindings } from '#define/naming.ts';
import { type LoadedRepository, loadRepository } from '#define/node/load-repository.ts';
import { type Recompute, recomputeOf } from '#engine/materialize/recompute.ts';
import type { Manifest } from '#spec/manifest.ts';
import { type Command, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { type Change, changesOf, deployedHashes } from '../deploy/changed-views.ts';
import { deployedUses } from '../deploy/deployed-definitions.ts';
import { type Compared, type Impact, impactLines, impactsOf } from '../deploy/impact.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget, type Target, targetExists } from '../target.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'check the definitions and say what deploying them would change',
  usage: [
    'tidemark plan [--repository DIR]',
    '',
    'of a view that is deployed: which features change, what uses them (on-demand views, services, models by their tag "model", owners), and what has to be computed again',
    '',
    'exit code 0: nothing to deploy, 3: changes, 2: wrong definitions, 1: an existing view changes its formula without a new version,',
    "or a feature's name keeps off the convention <what>_<window> where the config says naming: 'error'",
  ],
  options: { repository: { type: 'string' } },
  run: async ({ options, output }) => {
    const named = stringOption(options, 'target');
    const target = named !== undefined || targetExists() ? readTarget(named) : undefined;
    const loaded = await loadRepository(repositoryFolder(stringOption(options, 'repository'), target));
    const { manifest } = loaded.repository;
    const warnings = namingWarnings(loaded);
    for (const { at, view, feature, message, suggestion } of warnings)
      output.talk(
        `${loaded.config.naming === 'error' ? 'error' : 'warning'}: ${at}  ${view}:${feature} ${message}; name it ${suggestion}`,
      );
    const deployed = target ? await deployedHashes(target) : new Map<string, string>();
    const changes = await impactsOf(changesOf(manifest, deployed), await comparedWith(target, manifest, deployed));
    const lines = [
      ...(target ? [] : ['no deployment yet: everything is new']),
      ...changes.flatMap((impact) => [headline(impact), ...impactLines(impact)]),
      ...(changes.length === 0 ? ['nothing to change'] : []),
    ];
    output.data(warnings.length === 0 ? { changes } : { changes, warnings }, lines.join('\n'));
    return planExitCode(changes, loaded.config.naming === 'error' ? warnings : []);
  },
};

/** What the deployment has, asked for only where something differs. */
async function comparedWith(
  target: Target | undefined,
  manifest: Manifest,
  deployed: ReadonlyMap<string, string>,
): Promise<Compared> {
  if (!target || deployed.size === 0 || changesOf(manifest, deployed).length === 0)
    return { manifest, deployed: { views: [], services: [] }, recompute: async () => unread };
  const connections = connect(target);
  return {
    manifest,
    deployed: await deployedUses(target, [...deployed.keys()]),
    // Whoever may ask the API may not always read the bucket: then the plan is one without these figures.
    recompute: (stored, wanted) =>
      recomputeOf(connections, stored, wanted).catch(
        (error: unknown): Recompute => ({
          kind: 'unknown',
          why: `the state of its runs cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        }),
      ),
  };
}

const unread: Recompute = { kind: 'unknown', why: 'nothing is deployed' };

const headline = ({ change, view, before }: Impact): string => {
  if (change === 'changed') return `${signs.changed} ${view} changes: existing features need a new version`;
  return `${signs[change]} ${view}${change === 'added' && before !== undefined ? `, after ${before}` : ''}`;
};

const signs = { added: '+', removed: '-', changed: '~' } as const;

interface NamingWarning extends NameFinding {
  /** `file:line` of the view, relative to the repository. */
  readonly at: string;
}

/** Names that keep off the convention, unless the config does not want to know. */
export const namingWarnings = ({
  config,
  repository,
  origins,
}: Pick<LoadedRepository, 'config' | 'repository' | 'origins'>): readonly NamingWarning[] =>
  config.naming === 'off'
    ? []
    : nameFindings(repository.manifest).map((finding) => ({ at: origins[finding.view] ?? '', ...finding }));

/** The exit code that the changes call for; `errors` fail the check whatever changes. */
export function planExitCode(changes: readonly Change[], errors: readonly NamingWarning[]): ExitCode {
  if (errors.length > 0 || changes.some(({ change }) => change === 'changed')) return exitCodes.failedCheck;
  return changes.length > 0 ? exitCodes.changesPresent : exitCodes.ok;
}
