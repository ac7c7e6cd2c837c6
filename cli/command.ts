import type { ParseArgsOptionsConfig } from 'node:util';
import { TidemarkError } from '#spec/errors.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './report/output.ts';

/** Values of options as node:util parses them. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

export interface CommandContext {
  /** Words after the command's name. */
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
}

/** One command of the table in main.ts. `name` may be two words. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Arguments and options as help shows them, one line each. */
  readonly usage: readonly string[];
  readonly options: ParseArgsOptionsConfig;
  readonly run: (context: CommandContext) => Promise<ExitCode>;
}

/** A string option that was given, or undefined. */
export function stringOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A positive whole number that was given, or undefined. Throws cli.badArguments for any other text. */
export function countOption(options: OptionValues, name: string): number | undefined {
  const text = stringOption(options, name);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new TidemarkError('cli.badArguments', `--${name} must be a positive whole number, got ${JSON.stringify(text)}`);
}

/** US dollars that were given, zero or more, or undefined. Throws cli.badArguments for any other text. */
export function costOption(options: OptionValues, name: string): number | undefined {
  const text = stringOption(options, name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  throw new TidemarkError(
    'cli.badArguments',
    `--${name} must be an amount of US dollars, as 2.50, got ${JSON.stringify(text)}`,
  );
}

/** All values of a repeatable string option; commas separate values too when `isList`. */
export function listOption(options: OptionValues, name: string, { isList = false } = {}): readonly string[] {
  const value = options[name];
  const given = Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
  return isList ? given.flatMap((text) => text.split(',')).map((text) => text.trim()) : given;
}
