/** Source files and what they import, read as text. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Import {
  /** As it is written. */
  specifier: string;
  /** From the project's root for a file of the project, the package's name for a package, `node:…` for what Node has. */
  target: string;
  /** Gone when the file runs. */
  isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the project's root. */
  path: string;
  text: string;
  /** Without lines that are only comment. */
  code: string;
  imports: Import[];
}

export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders
    .flatMap(folder => globSync(`${folder}/**/*.{ts,mjs}`, { cwd: ROOT }))
    .sort()
    .map(path => sourceFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const code = text.replace(/^\s*(\/\/|\/\*|\*).*$/gm, '');
  return { path, text, code, imports: importsOf(path, code) };
}

const STATIC = /^\s*(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*'([^']+)'/gm;
const FOR_EFFECT = /^\s*import\s*'([^']+)'/gm;
const CALLED = /\b(?:import|require|require\.resolve)\(\s*'([^']+)'/g;

function importsOf(path: string, code: string): Import[] {
  const target = (specifier: string) =>
    specifier.startsWith('.') ? posix.normalize(posix.join(dirname(path), specifier)) : packageOf(specifier);
  const make = (specifier: string, isTypeOnly: boolean): Import => ({
    specifier,
    target: target(specifier),
    isTypeOnly,
  });
  return [
    ...[...code.matchAll(STATIC)].map(([, type, names = '', specifier = '']) =>
      make(specifier, type !== undefined || areTypes(names)),
    ),
    ...[...code.matchAll(FOR_EFFECT), ...code.matchAll(CALLED)].map(([, specifier = '']) => make(specifier, false)),
  ];
}

/** `{ type A, type B }` */
function areTypes(names: string): boolean {
  const inner = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const each =
    inner
      ?.split(',')
      .map(name => name.trim())
      .filter(name => name !== '') ?? [];
  return each.length > 0 && each.every(name => name.startsWith('type '));
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
