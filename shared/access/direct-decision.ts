import { directMark } from '../mesh/direct-decisions.ts';
import type { Mesh } from '../mesh/mesh.ts';

/**
 * Why an answer of a domain's account proves nothing, though the domain asks for proof; undefined where it counts. That an answer was put by a
 * steward itself is for the bus's policy to see to: the event does not show it. So the function that takes it must come from a stack whose policy does.
 *
 * @param marks what the stack's bus policy holds to (`directDecisions`); none unless given
 */
export function unprovenReason(mesh: Mesh, domain: string, marks: readonly string[] = []): string | undefined {
  const owner = mesh.domains[domain];
  if (owner?.decisions !== 'direct' || marks.includes(directMark(domain, owner))) return undefined;
  return `Decisions of ${domain} count only as direct puts of its stewards (decisions: direct), and the hub's bus does not hold to them as mesh.yml names them now. Whoever runs the hub deploys its stack with the mesh.yml in force; then answer again.`;
}
