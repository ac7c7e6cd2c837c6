import { type NameFinding, nameFindings } from '#define/naming.ts';
import { type LoadedRepository, loadRepository } from '#define/node/load-repository.ts';
import { type Command, stringOption } from '../command.ts';
import { type Change, changesOf, deployedHashes } from '../deploy/changed-views.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget, targetExists } from '../target.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'check the definitions and say what deploying them would change',
  usage: [
    'tidemark plan [--repository DIR]',
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
    const changes = changesOf(manifest, deployed);
    const lines = [
      ...(target ? [] : ['no deployment yet: everything is new']),
      ...changes.map(
        ({ change, view }) =>
          `${signs[change]} ${view}${change === 'changed' ? ' changes: existing features need a new version' : ''}`,
      ),
      ...(changes.length === 0 ? ['nothing to change'] : []),
    ];
    output.data(warnings.length === 0 ? { changes } : { changes, warnings }, lines.join('\n'));
    return planExitCode(changes, loaded.config.naming === 'error' ? warnings : []);
  },
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
