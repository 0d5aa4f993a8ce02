/** Imports the bundle that it is given in a fresh process, and writes how long that took: milliseconds. */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { href } = pathToFileURL(process.argv[2]);
const startedAt = performance.now();
await import(href);
writeSync(1, String(performance.now() - startedAt));
process.exit(0);
