import { TidemarkError } from '#spec/errors.ts';
import type { Origin } from '../origin.ts';

/** One thing that is wrong with the definitions. */
export interface Problem {
  /** `define.problem`. */
  readonly code: string;
  /** `file:line` of the definition. */
  readonly at: string;
  /** What was wrong, what was got, what is allowed, the fix. */
  readonly message: string;
}

/** Collects what is wrong, so that a repository's problems are all reported at once. */
export class Problems {
  readonly #folder: string;
  readonly #found: (Problem & { readonly line: number })[] = [];

  /** Files under `folder` are named relative to it. */
  constructor(folder = '') {
    this.#folder = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  }

  add(origin: Origin, code: string, message: string): void {
    const at = this.place(origin);
    this.#found.push({ code: `define.${code}`, at, message, line: Number(/:(\d+)$/.exec(at)?.[1] ?? 0) });
  }

  /** `file:line` of a definition, relative to the folder. */
  place(origin: Origin): string {
    const at = origin.at();
    return this.#folder !== '' && at.startsWith(this.#folder) ? at.slice(this.#folder.length) : at;
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** By file, then line, then code. */
  get list(): readonly Problem[] {
    const fileOf = (problem: Problem): string => problem.at.replace(/:\d+$/, '');
    const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    return [...this.#found]
      .sort(
        (a, b) => text(fileOf(a), fileOf(b)) || a.line - b.line || text(a.code, b.code) || text(a.message, b.message),
      )
      .map(({ code, at, message }) => ({ code, at, message }));
  }

  /** Throws define.invalid with every problem; does nothing when there is none. */
  throwIfAny(): void {
    if (this.isEmpty) return;
    const { list } = this;
    const lines = list.map(({ at, message, code }) => `  ${at}  ${message}  [${code}]`);
    const title = list.length === 1 ? '1 problem' : `${list.length} problems`;
    throw new TidemarkError('define.invalid', `${title} in the definitions:\n${lines.join('\n')}`, {
      details: { problems: list },
    });
  }
}

/** Names for a message, in their order; `none` for no names. */
export const named = (names: readonly string[]): string => names.join(', ') || 'none';
/** A value for a message. */
export const shown = (value: unknown): string => {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
};
