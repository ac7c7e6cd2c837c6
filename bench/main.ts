import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchModule, BenchResult } from './bench.ts';

const usage = `usage: npm run bench -- [--json] [name...]
  runs bench/<name>.bench.ts, all of them without names; exit 1 when a figure is over its budget
  --json  one object { "<figure>": { "value", "unit", "budget" } } instead of a table`;

const suffix = '.bench.ts';
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .sort();

const isOver = ({ value, budget }: BenchResult): boolean => budget !== undefined && !(value <= budget);
const rounded = (value: number): number => Number(value.toPrecision(4));

function parse(): { isJson: boolean; names: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
    const unknown = positionals.filter((name) => !known.includes(name));
    if (unknown.length > 0) throw new Error(`unknown bench ${unknown.join(', ')}; known: ${known.join(', ')}`);
    return { isJson: values.json ?? false, names: positionals.length > 0 ? positionals : known };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
}

async function load(name: string): Promise<BenchModule> {
  const module: BenchModule = await import(pathToFileURL(join(import.meta.dirname, name + suffix)).href);
  return module;
}

function table(results: readonly BenchResult[]): string {
  const rows = results.map((result) => [
    result.name,
    `${rounded(result.value)} ${result.unit}`,
    result.budget === undefined ? '' : `budget ${result.budget}${isOver(result) ? '  OVER' : ''}`,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([name = '', value = '', budget = '']) =>
      `${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${budget}`.trimEnd(),
    )
    .join('\n');
}

const { isJson, names } = parse();
const results: BenchResult[] = [];
for (const name of names) {
  console.error(`bench ${name}`);
  results.push(...(await (await load(name)).run()));
}
const figures = results.map(({ name, value, unit, budget }) => [
  name,
  { value: rounded(value), unit, ...(budget === undefined ? {} : { budget }) },
]);
console.log(isJson ? JSON.stringify(Object.fromEntries(figures)) : table(results));
const over = results.filter(isOver);
if (over.length > 0) console.error(`over budget: ${over.map((result) => result.name).join(', ')}`);
process.exitCode = over.length > 0 ? 1 : 0;
