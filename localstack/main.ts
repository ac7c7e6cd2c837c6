import { parseArgs } from 'node:util';
import { LocalCloudError } from './errors.ts';
import { defaultName, defaultPort, localCloudStatus, startLocalCloud, stopLocalCloud } from './local-cloud.ts';

const exitCodes = { ok: 0, usage: 2, failed: 4 } as const;

const usage = `usage: node localstack/main.ts up|down|status [--name ${defaultName}] [--port ${defaultPort}] [--json]
  up      install what is missing, start, wait until ready (--port 0 = any free port)
  down    stop it and everything it started
  status  running or stopped, and where`;

interface Arguments {
  readonly name: string;
  readonly port: number;
  readonly isJson: boolean;
}

const commands: Readonly<Record<string, (given: Arguments) => Promise<string>>> = { up, down, status };

async function up({ name, port, isJson }: Arguments): Promise<string> {
  const cloud = await startLocalCloud({ name, port, report: tell });
  if (!cloud.isNew) tell(`${name} was running already`);
  const now = localCloudStatus(name);
  if (now.state === 'running' && now.isPluginStale)
    tell('the plugin has changed since it was started: "down" and "up" take it over');
  return isJson ? JSON.stringify(cloud) : cloud.endpoint;
}

async function down({ name, isJson }: Arguments): Promise<string> {
  const wasRunning = await stopLocalCloud(name);
  return isJson
    ? JSON.stringify({ name, state: 'stopped', wasRunning })
    : `${name} ${wasRunning ? 'stopped' : 'was not running'}`;
}

async function status({ name, isJson }: Arguments): Promise<string> {
  const now = localCloudStatus(name);
  if (isJson) return JSON.stringify(now);
  if (now.state === 'stopped') return `${name} stopped`;
  const versions = Object.entries(now.versions).map(([part, version]) => `${part} ${version}`);
  return [
    `${name} running`,
    `  endpoint  ${now.endpoint}`,
    `  dynamodb  ${now.dynamodbEndpoint}`,
    `  pid       ${now.pid}, up ${now.uptimeSeconds} s`,
    `  log       ${now.logFile}`,
    `  versions  ${versions.join(', ')}`,
  ].join('\n');
}

/** Talk goes to stderr, data to stdout. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

function parse(words: readonly string[]): { command: string; given: Arguments } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        name: { type: 'string', default: defaultName },
        port: { type: 'string', default: `${defaultPort}` },
        json: { type: 'boolean', default: false },
      },
    });
    const [command, ...others] = positionals;
    const isPort = /^\d{1,5}$/.test(values.port) && Number(values.port) <= 65_535;
    if (command === undefined || others.length > 0 || !Object.hasOwn(commands, command)) return undefined;
    if (!isPort) {
      tell(`--port must be an integer from 0 to 65535, got "${values.port}"`);
      return undefined;
    }
    return { command, given: { name: values.name, port: Number(values.port), isJson: values.json } };
  } catch (error) {
    tell(error instanceof Error ? error.message : `${error}`); // parseArgs: an unknown option, or one without its value
    return undefined;
  }
}

async function main(): Promise<number> {
  const parsed = parse(process.argv.slice(2));
  if (parsed === undefined) {
    tell(usage);
    return exitCodes.usage;
  }
  try {
    const line = await commands[parsed.command]?.(parsed.given);
    process.stdout.write(`${line}\n`);
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof LocalCloudError)) throw error;
    tell(error.message);
    return error.code === 'localstack.badName' ? exitCodes.usage : exitCodes.failed;
  }
}

process.exitCode = await main();
