import { localCloudStatus, startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';

export const localUp: Command = {
  name: 'local up',
  summary: 'start the local cloud (installs it the first time)',
  usage: ['tidemark local up'],
  options: {},
  run: async ({ output }) => {
    const cloud = await startLocalCloud({ report: output.talk });
    output.data(cloud, `local cloud at ${cloud.endpoint}`);
    return exitCodes.ok;
  },
};

export const localDown: Command = {
  name: 'local down',
  summary: 'stop the local cloud; what it held is gone',
  usage: ['tidemark local down'],
  options: {},
  run: async ({ output }) => {
    const wasRunning = await stopLocalCloud();
    output.data({ wasRunning }, wasRunning ? 'local cloud stopped' : 'the local cloud was not running');
    return exitCodes.ok;
  },
};

export const localStatus: Command = {
  name: 'local status',
  summary: 'is the local cloud up, and where',
  usage: ['tidemark local status'],
  options: {},
  run: async ({ output }) => {
    const status = localCloudStatus('dev');
    output.data(
      status,
      status.state === 'running'
        ? `local cloud at ${status.endpoint}, up ${status.uptimeSeconds} s`
        : 'the local cloud is not running; start it with "tidemark local up"',
    );
    return exitCodes.ok;
  },
};

/** The running local cloud. Throws cli.noLocalCloud. */
export function runningLocalCloud(name = 'dev'): { readonly endpoint: string; readonly dynamodbEndpoint: string } {
  const status = localCloudStatus(name);
  if (status.state === 'stopped')
    throw new TidemarkError('cli.noLocalCloud', 'the local cloud is not running; start it with "tidemark local up"', {
      kind: 'unavailable',
    });
  return status;
}
