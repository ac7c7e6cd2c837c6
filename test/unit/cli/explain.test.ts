import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePorts } from '#localstack/free-port.ts';
import { runCli } from '#test/support/run-cli.ts';

const repository = 'examples/ride-sharing';
const folder = mkdtempSync(join(tmpdir(), 'tidemark-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A target file of a deployment of a repository that nothing answers for. */
async function deadTarget(of: string): Promise<string> {
  const [port] = await freePorts(1);
  const members =
    'apiUrl apiToken bucket workgroup database table jobsTable materializeStateMachine trainingSetStateMachine stage';
  const file = join(folder, `${of.replaceAll('/', '-')}.json`);
  writeFileSync(
    file,
    JSON.stringify({
      ...Object.fromEntries(members.split(' ').map((name) => [name, 'none'])),
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      streams: {},
      repository: of,
    }),
  );
  return file;
}
const explained = async (view: string, deployed: string, ...words: string[]) =>
  await runCli(['explain', view, '--repository', repository, '--target', await deadTarget(deployed), ...words]);

describe('the cost that explain ends with', () => {
  it('stands beside the view in JSON, and says what an estimate needs where another repository is deployed', async () => {
    const { exitCode, stdout, stderr } = await explained('driver_stats', 'examples/flights', '--json');
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'driver_stats',
      cost: { text: expect.stringMatching(/^unknown: needs a deployment .*tidemark deploy.*tidemark materialize/) },
    });
  });

  it('is unknown, and the view is explained, where the deployment cannot be reached', async () => {
    const { exitCode, stdout, stderr } = await explained('driver_stats', repository);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^driver_stats@/);
    expect(stdout).toMatch(/\n {2}cost: unknown: the runs of the deployment cannot be read: cannot reach .*\n$/);
  });

  it('grows with the events of a stream, and the windows are explained', async () => {
    const { stdout } = await explained('customer_realtime_features', repository);
    expect(stdout).toMatch(/^customer_realtime_features@1: stream view of entity customer /);
    expect(stdout).toContain('\n  - 1h: (t - 1h, t], exact\n');
    expect(stdout).toMatch(/\n {2}cost: no runs: it grows with the events, .*write units.*\n$/);
  });

  it('is none for a view that has no runs', async () => {
    const { stdout } = await explained('trip_features', repository);
    expect(stdout).toMatch(/\n {2}cost: no runs: it is computed where it is asked for\n$/);
  });
});
