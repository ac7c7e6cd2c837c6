import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = dirname(dirname(dirname(import.meta.dirname)));

/** A Markdown page by its path from the repository's root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** The pages for people: those of the root and everything under docs. */
export function pages(): readonly Page[] {
  const underDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file));
  return ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...underDocs.sort()].map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

/** A fenced block of code: `line` is where it begins on its page, from 1. */
export interface Fence {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

export function fencesOf({ path, text }: Page): readonly Fence[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page: path,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

/** Targets of a page's links that are neither URLs nor mail, with and without their `#anchor`. */
export const relativeLinks = ({ text }: Page): readonly string[] =>
  [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that a page's headings have, as Git forges make them. */
export const anchorsOf = ({ text }: Page): ReadonlySet<string> =>
  new Set(
    [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

const withoutFences = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');
