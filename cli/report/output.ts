/** Where a command speaks: data on stdout (JSON with --json), talk on stderr. */
export interface Output {
  readonly isJson: boolean;
  /** The command's result: `value` as JSON, or `text` for people. */
  data(value: unknown, text: string): void;
  /** A line for the one who waits. */
  talk(line: string): void;
}

/** JSON of a result; int64 as strings, so that no reader rounds them. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member), 2);

export const createOutput = (isJson: boolean): Output => ({
  isJson,
  data: (value, text) => process.stdout.write(`${isJson ? toJson(value) : text}\n`),
  talk: (line) => process.stderr.write(`${line}\n`),
});
