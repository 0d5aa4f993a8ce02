/** The project's pages, read as text: their blocks of code, links, headings and words in backticks. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Page {
  /** From the project's root. */
  path: string;
  text: string;
  blocks: Block[];
  links: Link[];
  /** What a link's `#…` may name. */
  anchors: Set<string>;
  /** What stands in single backticks, outside of blocks. */
  words: string[];
}

/** A fenced block. */
export interface Block {
  /** From 1. */
  line: number;
  /** What stands behind the fence: `sh run` for commands that are run. */
  info: string;
  code: string;
}

export interface Link {
  /** From the project's root, without `#…`; the page's own path for a link within it. Undefined for another site. */
  target: string | undefined;
  anchor: string | undefined;
  written: string;
}

export const PAGES: Page[] = [
  'README.md',
  'CHANGELOG.md',
  'statemachines/README.md',
  ...globSync('docs/**/*.md', { cwd: ROOT }),
]
  .sort()
  .map(path => readPage(path, readFileSync(join(ROOT, path), 'utf8')));

export function readPage(path: string, text: string): Page {
  const blocks = [...text.matchAll(/^( *)```([^\n]*)\n([\s\S]*?)^\1```$/gm)].map(([all, , info = '', code = '']) => ({
    line: text.slice(0, text.indexOf(all)).split('\n').length,
    info: info.trim(),
    code,
  }));
  const prose = text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');
  const withoutCode = prose.replace(/`[^`\n]*`/g, '');
  const headings = [...withCodeAsText(prose).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));
  const ids = [...withoutCode.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
  return {
    path,
    text,
    blocks,
    links: [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)].map(([, written = '']) => readLink(path, written)),
    anchors: new Set([...headings, ...ids]),
    words: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word),
  };
}

function readLink(page: string, written: string): Link {
  const [place = '', anchor] = written.split('#');
  const isElsewhere = /^[a-z]+:/.test(place);
  const target = place === '' ? page : posix.normalize(posix.join(dirname(page), place));
  return { written, anchor, target: isElsewhere ? undefined : target.replace(/\/$/, '') };
}

function withCodeAsText(text: string): string {
  return text.replaceAll('`', '');
}

/** As GitHub makes it of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
