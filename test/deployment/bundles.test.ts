/** What goes into the bundles: packages with licences that let them, from this project's files and none of its tests. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source-files.ts';

/** Nothing copyleft: what is deployed is passed on. SPDX names. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** The files of which something is in the bundle: esbuild names them in its source maps. From the project's root. */
function inputsOf(bundle: string): string[] {
  const maps = globSync(`${bundle}/*.map`, { cwd: ROOT });
  const sources = maps.flatMap(
    map => (JSON.parse(readFileSync(join(ROOT, map), 'utf8')) as { sources: string[] }).sources,
  );
  return [...new Set(sources.map(source => posix.join(bundle, source)))];
}

/** The folder of the package that a file is of: the innermost, where packages have their own. */
function packageFolder(input: string): string | undefined {
  return /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

const bundles = globSync('functions/*.ts', { cwd: ROOT })
  .map(file => `dist/${basename(file, '.ts')}`)
  .sort();

describe.each(bundles)('%s', bundle => {
  const inputs = inputsOf(bundle);
  const packages = [...new Set(inputs.map(packageFolder).filter(folder => folder !== undefined))].sort();

  it('has packages that may be passed on', () => {
    expect(packages.length).toBeGreaterThan(5);
    const refused = packages
      .map(folder => ({
        folder,
        ...(JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { license?: string }),
      }))
      .filter(({ license = '' }) => !ALLOWED.has(license))
      .map(({ folder, license }) => `${folder}: ${license ?? 'no licence'}`);
    expect(refused).toEqual([]);
  });

  it('has of this project what is deployed', () => {
    const own = inputs.filter(input => packageFolder(input) === undefined);
    expect(own).toContain(`functions/${basename(bundle)}.ts`);
    expect(own.filter(input => !/^(functions|shared|events)\//.test(input))).toEqual([]);
    expect(own.filter(input => input.startsWith('functions/'))).toHaveLength(1);
  });
});
