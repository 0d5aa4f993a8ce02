/** A mesh that is not the sample's: its own `mesh.yml`, and the hub's stack that comes of it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMeshFolder } from '../../shared/mesh/read-mesh-folder.ts';
import { stackSettings } from '../../shared/mesh/stack-settings.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
/** What is made anew there, or must not be shared. */
const OWN = new Set(['.serverless', '.git']);

export interface MeshFolder {
  root: string;
  remove(): void;
}

/**
 * A folder with the project as it is built, but for some of its files, from which `bootMesh` boots.
 * @param changes what becomes of a file's text, by the file's name; each must change something
 */
export function folderWith(changes: Record<string, (text: string) => string>): MeshFolder {
  const root = mkdtempSync(join(tmpdir(), 'trellis-mesh-'));
  for (const entry of readdirSync(PROJECT, { withFileTypes: true })) {
    const [there, here] = [join(PROJECT, entry.name), join(root, entry.name)];
    // `serverless package` takes no link for its own file, and follows none to the bundles.
    if (entry.isFile() || entry.name === 'dist') cpSync(there, here, { recursive: true });
    else if (!OWN.has(entry.name)) symlinkSync(there, here);
  }
  for (const [file, change] of Object.entries(changes)) {
    const before = readFileSync(join(root, file), 'utf8');
    const after = change(before);
    if (after === before)
      throw new Error(`The test changes nothing of ${file}: it has other words than the test looks for.`);
    writeFileSync(join(root, file), after);
  }
  buildStack(root);
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** What `node build.mjs` does after the bundles, which do not depend on mesh.yml; nothing where the hub's stack would be the same. */
function buildStack(root: string): void {
  const stages = readMeshFolder(root).map(({ mesh }) => [mesh.stage, stackSettings(mesh)]);
  const settings = JSON.stringify(Object.fromEntries(stages), null, 2);
  if (settings === readFileSync(join(root, 'dist', 'mesh.json'), 'utf8')) {
    symlinkSync(join(PROJECT, '.serverless'), join(root, '.serverless'));
    return;
  }
  writeFileSync(join(root, 'dist', 'mesh.json'), settings);
  const serverless = join('node_modules', 'serverless', 'bin', 'serverless.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [serverless, 'package', '--stage', 'local'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
  });
  if (status !== 0) throw new Error(`The hub's stack could not be packaged: ${stdout}${stderr}`);
}
