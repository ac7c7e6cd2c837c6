import { randomBytes } from 'node:crypto';
import { apiTokenRandomBytes } from '#codec/api-token.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import {
  type ApiToken,
  apiTokenState,
  createApiToken,
  listApiTokens,
  maximumTokenDays,
  revokeApiToken,
} from '#engine/access/api-tokens.ts';
import { parseDuration } from '#semantics/duration.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { declaredRoles } from '../declared-roles.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../report/table.ts';
import { repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const defaultLifetime = '90d';

export const tokenCreate: Command = {
  name: 'token create',
  summary: 'make an API token for roles of tidemark.config.ts; it is shown once',
  usage: [
    'tidemark token create --name TEXT --role ROLE[,ROLE] [--expires 90d] [--repository DIR]',
    '',
    `--expires is at most ${maximumTokenDays}d. Only the token's hash is kept, in the jobs table: who may write there makes tokens.`,
  ],
  options: {
    name: { type: 'string' },
    role: { type: 'string', multiple: true },
    expires: { type: 'string' },
    repository: { type: 'string' },
  },
  run: async ({ options, output }) => {
    const name = stringOption(options, 'name');
    if (name === undefined || !/^[\w .:@/-]{1,100}$/.test(name))
      throw new TidemarkError(
        'cli.badArguments',
        `--name says what the token is for, in 1 to 100 letters, digits, blanks and _.:@/-, got ${JSON.stringify(name ?? null)}`,
      );
    const target = readTarget(stringOption(options, 'target'));
    const { config } = await loadRepository(repositoryFolder(stringOption(options, 'repository'), target));
    const roles = declaredRoles(options, config);
    const { token, stored } = await createApiToken(connect(target).records, {
      name,
      roles,
      lifetimeMillis: parseDuration(stringOption(options, 'expires') ?? defaultLifetime),
      nowMillis: Date.now(),
      random: randomBytes(apiTokenRandomBytes),
    });
    output.talk(`token ${stored.id} until ${formatInstant(stored.expiresAtMillis)}; it is not shown again`);
    output.data({ ...shown(stored), token }, token);
    return exitCodes.ok;
  },
};

export const tokenList: Command = {
  name: 'token list',
  summary: 'list API tokens: what for, roles, until when',
  usage: ['tidemark token list'],
  options: {},
  run: async ({ options, output }) => {
    const tokens = await listApiTokens(connect(readTarget(stringOption(options, 'target'))).records);
    const rows = tokens.map(shown);
    const texts = rows.map(({ id, name, roles, state, expiresAt }) => [id, name, roles.join(', '), state, expiresAt]);
    output.data(rows, rows.length === 0 ? 'no API tokens' : table(['id', 'name', 'roles', 'state', 'expires'], texts));
    return exitCodes.ok;
  },
};

export const tokenRevoke: Command = {
  name: 'token revoke',
  summary: 'revoke an API token for good; it ends within a minute',
  usage: ['tidemark token revoke <id>'],
  options: {},
  run: async ({ positionals, options, output }) => {
    const [id] = positionals;
    if (id === undefined)
      throw new TidemarkError('cli.badArguments', 'name a token by its id; "tidemark token list" lists them');
    const { records } = connect(readTarget(stringOption(options, 'target')));
    const revoked = await revokeApiToken(records, id, Date.now());
    output.data(shown(revoked), `token ${id} (${revoked.name}) is revoked; functions forget it within a minute`);
    return exitCodes.ok;
  },
};

/** What may be told of a stored token: not its hash. */
const shown = (token: ApiToken) => ({
  id: token.id,
  name: token.name,
  roles: token.roles,
  state: apiTokenState(token, Date.now()),
  createdAt: formatInstant(token.createdAtMillis),
  expiresAt: formatInstant(token.expiresAtMillis),
  ...(token.revokedAtMillis === undefined ? {} : { revokedAt: formatInstant(token.revokedAtMillis) }),
});
