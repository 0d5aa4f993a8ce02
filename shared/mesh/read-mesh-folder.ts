import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { compilePolicies, type PolicyTexts } from '../access/policy-compile.ts';
import type { Mesh } from './mesh.ts';
import { parseMesh } from './parse-mesh.ts';

/** A stage of a folder's `mesh.yml`, with the texts of its policies. */
export interface StageOfFolder {
  mesh: Mesh;
  policies: PolicyTexts;
}

/**
 * Reads and checks every stage of the `mesh.yml` in a folder, and the policies beside it.
 * @throws MeshFileError or PolicyInvalidError with every mistake and its line.
 */
export function readMeshFolder(folder: string, file = 'mesh.yml'): StageOfFolder[] {
  const text = readFileSync(join(folder, file), 'utf8');
  const stages = Object.keys((parse(text) as { stages?: object } | null)?.stages ?? { '': 0 });
  return stages.map(stage => readStage(folder, text, stage));
}

/** Reads and checks one stage. @throws like `readMeshFolder`. */
export function readStage(folder: string, meshText: string, stage: string): StageOfFolder {
  const mesh = parseMesh(meshText, stage);
  const domains = Object.entries(mesh.domains).map(([name, { policies }]) => [
    name,
    cedarTexts(join(folder, policies)),
  ]);
  const policies: PolicyTexts = {
    schema: readFileSync(join(folder, 'policies', 'schema.cedarschema'), 'utf8'),
    guardrails: readFileSync(join(folder, 'policies', 'guardrails.cedar'), 'utf8'),
    domains: Object.fromEntries(domains),
  };
  compilePolicies(policies);
  return { mesh, policies };
}

/** The policies of a folder as one text, in the order of their files' names. */
function cedarTexts(folder: string): string {
  const files = readdirSync(folder).filter(name => name.endsWith('.cedar'));
  return files
    .sort()
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}
