import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '#cli/target.ts';
import { parseWireJson } from '#codec/wire-json.ts';
import { checkout } from '#localstack/paths.ts';
import { pythonEnvironment } from '#localstack/python-environment.ts';

const folder = join(checkout.root, 'test', 'e2e', 'feast');

/** One call of Feast's SDK, see test/e2e/feast/call_feast.py. */
export interface FeastCall {
  readonly features?: readonly string[];
  readonly service?: string;
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  readonly full_names?: boolean;
  /** Name of the client's push source; rows go to the view weather. */
  readonly push?: string;
  readonly frame?: Readonly<Record<string, readonly unknown[]>>;
  /** Views to bring up to now, without waiting for it. */
  readonly materialize?: readonly string[];
}

/** What the SDK returned, or the class and message that it raised. */
export interface FeastResult {
  readonly columns?: Readonly<Record<string, readonly unknown[]>>;
  readonly error?: string;
  readonly message?: string;
}

/** Makes calls with Feast's SDK, unmodified from PyPI, in one process, against a deployment. `home` is a folder of its own. */
export async function callFeast(
  target: Pick<Target, 'apiUrl' | 'apiToken'>,
  home: string,
  calls: readonly FeastCall[],
): Promise<readonly FeastResult[]> {
  const python = await pythonEnvironment('feast', join(folder, 'requirements.txt'));
  writeFileSync(
    join(home, 'feature_store.yaml'),
    `project: flights
provider: local
registry: registry.db
online_store: { type: remote, path: "${target.apiUrl.replace(/\/$/, '')}" }
auth: { type: oidc, token_env_var: TIDEMARK_API_TOKEN }
entity_key_serialization_version: 3
`,
  );
  const child = spawn(python, [join(folder, 'call_feast.py')], {
    cwd: home,
    env: { ...process.env, TIDEMARK_API_TOKEN: target.apiToken },
  });
  const [output, errors]: [string[], string[]] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  child.stdin.end(JSON.stringify(calls));
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  if (exitCode !== 0) throw new Error(`call_feast.py ended with ${exitCode}:\n${errors.join('')}`);
  return parseWireJson(output.join('')) as readonly FeastResult[]; // what call_feast.py writes
}
