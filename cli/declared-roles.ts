import type { LoadedConfig } from '#define/node/load-config.ts';
import { TidemarkError } from '#spec/errors.ts';
import { listOption, type OptionValues } from './command.ts';

/** The roles of `--role`, at least one. A misspelt one would give nothing, silently: throws cli.badArguments for what the config does not declare. */
export function declaredRoles(options: OptionValues, { access }: Pick<LoadedConfig, 'access'>): readonly string[] {
  const roles = listOption(options, 'role', { isList: true });
  const declared = Object.keys(access?.roles ?? {});
  const unknown = roles.filter((role) => !declared.includes(role));
  if (roles.length > 0 && unknown.length === 0) return roles;
  throw new TidemarkError(
    'cli.badArguments',
    `--role must name roles of the config's access, got ${unknown.join(', ') || 'none'}; there are ${declared.join(', ') || 'none: declare access.roles first'}`,
  );
}
