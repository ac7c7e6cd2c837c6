import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { checkout } from '#localstack/paths.ts';
import { TidemarkError } from '#spec/errors.ts';

/** A deployment that commands talk to. `endpoint` only where AWS itself is not meant. */
const targetSchema = z.object({
  endpoint: z.optional(z.string()),
  dynamodbEndpoint: z.optional(z.string()),
  region: z.string(),
  apiUrl: z.string(),
  apiToken: z.string(),
  streams: z.record(z.string(), z.string()),
  bucket: z.string(),
  workgroup: z.string(),
  database: z.string(),
  table: z.string(),
  jobsTable: z.string(),
  materializeStateMachine: z.string(),
  trainingSetStateMachine: z.string(),
  /** Absent in a deployment without streams. */
  backfillStateMachine: z.optional(z.string()),
  /** Folder of the definitions that are deployed, relative to the checkout.root or absolute. */
  repository: z.string(),
  stage: z.string(),
});
export type Target = z.infer<typeof targetSchema>;

const folder = join(checkout.root, '.tidemark');
export const targetFile = (name: string): string => join(folder, `${name}.json`);

/** Is there the default target? */
export const targetExists = (): boolean => existsSync(targetFile('local'));

export function writeTarget(name: string, target: Target): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(targetFile(name), `${JSON.stringify(target, null, 2)}\n`, { mode: 0o600 });
}

/** Reads `--target` (a name under .tidemark, or a file), by default the local cloud's. Throws cli.noTarget, cli.badTarget. */
export function readTarget(nameOrFile = 'local'): Target {
  const file = nameOrFile.endsWith('.json') ? nameOrFile : targetFile(nameOrFile);
  if (!existsSync(file))
    throw new TidemarkError(
      'cli.noTarget',
      `no deployment "${nameOrFile}": there is no ${join('.tidemark', `${nameOrFile}.json`)}; deploy one with "tidemark deploy" (the quickstart does it), or name another with --target`,
      { kind: 'notFound' },
    );
  const parsed = z.safeParse(targetSchema, jsonOf(readFileSync(file, 'utf8')));
  if (!parsed.success)
    throw new TidemarkError(
      'cli.badTarget',
      `${file} holds no target of this version; deploy again with "tidemark deploy", or name another with --target`,
    );
  return parsed.data;
}

/** Undefined for what is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

/** Points every AWS client of this process at the target. Only endpoint and credentials differ between AWS and the local cloud. */
export function useTarget(target: Target): void {
  process.env.AWS_REGION = target.region;
  if (target.endpoint !== undefined)
    Object.assign(process.env, localEnvironment(target.endpoint, target.dynamodbEndpoint));
}

/** The environment by which AWS clients, the CDK's too, find a local cloud. */
export const localEnvironment = (endpoint: string, dynamodbEndpoint = endpoint): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ENDPOINT_URL_S3: endpoint,
  AWS_ENDPOINT_URL_DYNAMODB: dynamodbEndpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: '000000000000',
  AWS_SECRET_ACCESS_KEY: 'test',
});
