import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '#localstack/command.ts';
import { pythonEnvironment } from '#localstack/python-environment.ts';
import { fuzzToken } from './fuzz-api.ts';

export interface SchemathesisRun {
  readonly seed: number;
  /** A number of requests, equal in every run of a seed, or as many as a time holds. */
  readonly bound: { readonly requestsOfOperation: number } | { readonly seconds: number };
}

/** Runs Schemathesis on the document that an API serves; `passed` when no answer broke a check. Its output tells the requests that did. */
export async function runSchemathesis(
  url: string,
  { seed, bound }: SchemathesisRun,
): Promise<{ readonly passed: boolean; readonly output: string }> {
  const python = await pythonEnvironment('schemathesis', join(import.meta.dirname, 'requirements.txt'));
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-fuzz-')); // where it keeps what it has seen
  try {
    const { exitCode, output } = await runCommand(
      join(dirname(python), 'schemathesis'),
      [
        ...['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
        ...['run', `${url}/v1/openapi.json`, '--header', `Authorization: Bearer ${fuzzToken}`, '--no-color'],
        ...['--seed', String(seed), '--generation-database', 'none', '--continue-on-failure', '--warnings', 'off'],
        ...('seconds' in bound
          ? ['--max-time', String(bound.seconds), '--max-examples', '1000']
          : ['--phases', 'examples,coverage,fuzzing', '--max-examples', String(bound.requestsOfOperation)]),
      ],
      { cwd: folder, env: process.env },
    );
    return { passed: exitCode === 0, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
