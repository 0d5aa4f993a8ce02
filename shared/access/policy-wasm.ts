import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/web';

/**
 * Cedar, AWS's own evaluator, as WebAssembly. Its `web` build is an ES module that is handed its code as bytes, so it works the same in a
 * bundle, in a worker thread and from the sources. A bundle has `cedar_wasm_bg.wasm` beside the file that this module ends up in.
 */
cedar.initSync({ module: readFileSync(locateWasm()) });

function locateWasm(): string {
  const bundled = join(import.meta.dirname, 'cedar_wasm_bg.wasm');
  if (existsSync(bundled)) return bundled;
  // The package exports no path to the file; both of its builds have the same one.
  const entry = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
  return join(dirname(entry), 'cedar_wasm_bg.wasm');
}

export { cedar };
