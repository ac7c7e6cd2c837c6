/** A little reading of SQL text, enough to hold generated statements to the portable subset. Not a parser: it trusts balanced brackets. */

/** Strings become '' and quoted identifiers x: what is left has only the words of the generator. */
export const withoutLiterals = (sql: string): string =>
  sql.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/"(?:[^"]|"")*"/g, 'x');

const opens = (text: string, at: number): boolean => text[at] === '(' || wordAt(text, at, 'CASE');
const closes = (text: string, at: number): boolean => text[at] === ')' || wordAt(text, at, 'END');
const wordAt = (text: string, at: number, word: string): boolean =>
  text.startsWith(word, at) && !/\w/.test(text[at - 1] ?? ' ') && !/\w/.test(text[at + word.length] ?? ' ');

/** Cuts at separators outside of brackets and CASE ... END; `keep` leaves the separators in, at odd positions. */
export function splitTop(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    if (opens(text, at)) depth++;
    else if (closes(text, at)) depth--;
    if (depth !== 0) continue;
    const match = new RegExp(separator.source, 'y');
    match.lastIndex = at;
    const found = match.exec(text)?.[0];
    if (found === undefined) continue;
    parts.push(text.slice(start, at));
    start = at + found.length;
    at = start - 1;
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

export interface Call {
  readonly arguments: readonly string[];
  /** What follows the closing bracket: enough for an alias. */
  readonly after: string;
}

/** Every call of a function, the inner ones too. */
export function callsOf(sql: string, name: string): readonly Call[] {
  return [...sql.matchAll(new RegExp(`\\b${name}\\(`, 'gi'))].map(({ index, 0: head }) => {
    const start = index + head.length;
    let depth = 1;
    let end = start;
    for (; end < sql.length && depth > 0; end++) depth += sql[end] === '(' ? 1 : sql[end] === ')' ? -1 : 0;
    return { arguments: splitTop(sql.slice(start, end - 1), /,/), after: sql.slice(end, end + 20) };
  });
}

/** Every function that is called, in lower case; types with a length are not told apart. */
export const functionsOf = (sql: string): ReadonlySet<string> =>
  new Set([...withoutLiterals(sql).matchAll(/\b([a-zA-Z_]\w*)\s?\(/g)].map(([, name = '']) => name.toLowerCase()));

/** The expression that ends right before a position: a call, a bracket, a CASE or a word. */
function operandBefore(sql: string, end: number): string {
  let at = end;
  while (/\s/.test(sql[at - 1] ?? '')) at--;
  const stop = at;
  let depth = 0;
  while (at > 0) {
    at--;
    if (closesBefore(sql, at)) depth++;
    else if (opens(sql, at)) depth--;
    if (depth === 0 && !/[\w.")]/.test(sql[at - 1] ?? ' ')) break;
    if (depth < 0) return sql.slice(at + 1, stop);
  }
  return sql.slice(at, stop).trim();
}
const closesBefore = (text: string, at: number): boolean => text[at] === ')' || wordAt(text, at, 'END');

/** The expression that begins right after a position. */
function operandAfter(sql: string, start: number): string {
  let depth = 0;
  let at = start;
  for (; at < sql.length; at++) {
    if (opens(sql, at)) depth++;
    else if (closes(sql, at)) depth--;
    if (depth < 0 || (depth === 0 && /[\s,]/.test(sql[at] ?? ''))) break;
  }
  return sql.slice(start, at).trim();
}

/** Both sides of every division. */
export const divisionsOf = (sql: string): readonly (readonly [string, string])[] =>
  [...sql.matchAll(/ \/ /g)].map(({ index }) => [operandBefore(sql, index), operandAfter(sql, index + 3)] as const);

/** True for an expression that is a double by its very form: casts, literals with exponent, and what keeps a double one. */
export function isDouble(expression: string): boolean {
  const text = expression.trim();
  if (text === 'NULL' || /^\d+(\.\d+)?e-?\d+$/.test(text)) return true;
  const terms = splitTop(text, / [*+/-] /);
  if (terms.length > 1) return terms.every(isDouble);
  if (/^CASE\b.*\bEND$/s.test(text)) {
    const branches = splitTop(text.slice(4, -3), /\bTHEN\b|\bWHEN\b|\bELSE\b/).slice(1);
    const values = branches.filter((_, at) => at % 2 === 1 || at === branches.length - 1);
    return values.every(isDouble);
  }
  if (/^CAST\(.*\)$/s.test(text)) return /\sAS double\)$/.test(text) || /\bNULL AS double\)$/.test(text);
  const call = /^(NULLIF|sqrt|abs|round|floor)?\((.*)\)$/s.exec(text);
  return call !== null && isDouble(splitTop(call[2] ?? '', /,/)[0] ?? '');
}
