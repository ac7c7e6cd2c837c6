import { loadRepository } from '#define/node/load-repository.ts';
import { rightsOf } from '#engine/access/rights.ts';
import { type Command, stringOption } from '../command.ts';
import { declaredRoles } from '../declared-roles.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../report/table.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget, targetExists } from '../target.ts';

export const access: Command = {
  name: 'access',
  summary: 'what callers of roles may do: every view, service and source by right',
  usage: [
    'tidemark access --role ROLE[,ROLE] [--repository DIR]',
    '',
    'Several roles are shown as one caller who has them all. Reads the definitions, not the deployment.',
  ],
  options: { role: { type: 'string', multiple: true }, repository: { type: 'string' } },
  run: async ({ options, output }) => {
    const given = stringOption(options, 'repository');
    const targetName = stringOption(options, 'target');
    const target = targetName !== undefined || targetExists() ? readTarget(targetName) : undefined;
    const { config, repository } = await loadRepository(repositoryFolder(given, target));
    const roles = declaredRoles(options, config);
    const rows = config.access ? rightsOf(repository.manifest, config.access, roles) : [];
    const texts = rows.map(({ kind, name, rights }) => [kind, name, rights.join(', ') || '-']);
    output.data(rows, table(['kind', 'name', 'rights'], texts));
    return exitCodes.ok;
  },
};
