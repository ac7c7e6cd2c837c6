import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import { callApi } from '../api.ts';
import { type Command, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget, type Target, targetExists } from '../target.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'check the definitions and say what deploying them would change',
  usage: [
    'tidemark plan [--repository DIR]',
    '',
    'exit code 0: nothing to deploy, 3: changes, 2: wrong definitions, 1: an existing view changes its formula without a new version',
  ],
  options: { repository: { type: 'string' } },
  run: async ({ options, output }) => {
    const named = stringOption(options, 'target');
    const target = named !== undefined || targetExists() ? readTarget(named) : undefined;
    const manifest = await loadManifest(repositoryFolder(stringOption(options, 'repository'), target));
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
    output.data({ changes }, lines.join('\n'));
    if (changes.some(({ change }) => change === 'changed')) return exitCodes.failedCheck;
    return changes.length > 0 ? exitCodes.changesPresent : exitCodes.ok;
  },
};

interface Change {
  readonly change: 'added' | 'removed' | 'changed';
  /** `name@version`. */
  readonly view: string;
}
const signs = { added: '+', removed: '-', changed: '~' } as const;

/** Definition hashes of the deployed views by `name@version`. */
async function deployedHashes(target: Target): Promise<Map<string, string>> {
  const { views } = (await callApi(target, '/v1/feature-views')) as { views: { id: string; definitionHash: string }[] }; // the API's documented shape
  return new Map(views.map(({ id, definitionHash }) => [id, definitionHash]));
}

export function changesOf(manifest: Manifest, deployed: ReadonlyMap<string, string>): readonly Change[] {
  const wanted = new Map(manifest.views.map((view) => [viewId(view), view.definitionHash]));
  const changes: Change[] = [...wanted].flatMap(([view, hash]): Change[] => {
    const known = deployed.get(view);
    if (known === undefined) return [{ change: 'added', view }];
    return known === hash ? [] : [{ change: 'changed', view }];
  });
  const removed = [...deployed.keys()].filter((view) => !wanted.has(view));
  return [...changes, ...removed.map((view): Change => ({ change: 'removed', view }))];
}
