#!/usr/bin/env node
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { describeFailure } from './report/failure.ts';
import { createOutput } from './report/output.ts';

/** Options of every command. */
const common = {
  json: { type: 'boolean', default: false },
  target: { type: 'string' },
  yes: { type: 'boolean', default: false },
  'no-input': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** The command whose one or two words the arguments begin with, and the rest. */
function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === words.slice(0, length).join(' '));
    if (command) return { command, rest: words.slice(length) };
  }
  return undefined;
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'usage: tidemark <command> [options]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'every command: --json (data for machines), --target <name|file> (default: local), --help',
  ].join('\n');
}

const help = ({ name, summary, usage }: Command): string =>
  [`tidemark ${name}: ${summary}`, '', ...usage.map((line) => `  ${line}`)].join('\n');

async function main(words: readonly string[]): Promise<ExitCode> {
  const found = findCommand(words);
  if (!found) {
    const asksHelp = words.length === 0 || words.includes('--help') || words.includes('-h');
    if (!asksHelp) process.stderr.write(`unknown command "${words.join(' ')}"\n\n`);
    process[asksHelp ? 'stdout' : 'stderr'].write(`${overview()}\n`);
    return asksHelp ? exitCodes.ok : exitCodes.usage;
  }
  const { command, rest } = found;
  const isJson = rest.includes('--json');
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      options: { ...common, ...command.options },
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(`${help(command)}\n`);
      return exitCodes.ok;
    }
    return await command.run({ positionals, options: values, output: createOutput(isJson) });
  } catch (error) {
    const failure = describeFailure(error, command.name);
    process.stderr.write(isJson ? `${JSON.stringify(failure)}\n` : `${failure.message}\n`);
    return failure.exitCode;
  }
}

process.exitCode = await main(process.argv.slice(2));
