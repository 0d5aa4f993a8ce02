import { isInMesh, type Mesh, parseCentralTable } from '../mesh/mesh.ts';
import { accountOf, type Pair } from './access-request.ts';
import type { ConsumerLinks } from './converge-pair.ts';

/**
 * Links whose removal is given up where the account does not let Trellis in any more and the account, or the table's domain, has left the mesh: it is
 * said, and keeps nothing else from going. Such a link leads to a table that it may not read, or that is gone.
 */
export function leavingBehind(
  links: ConsumerLinks,
  mesh: Mesh,
  report: (message: string, fault: unknown) => void,
): ConsumerLinks {
  return {
    ensure: pair => links.ensure(pair),
    async release(pair, isLast) {
      try {
        await links.release(pair, isLast);
      } catch (fault) {
        if (!isDenied(fault) || !hasLeft(mesh, pair)) throw fault;
        const account = accountOf(pair.principal);
        const advice = `account ${account} does not let Trellis in; its owner may delete the link`;
        report(`The link to ${pair.table} stays in the catalog of ${account}: ${advice}`, fault);
      }
    },
  };
}

function hasLeft(mesh: Mesh, { principal, table }: Pair): boolean {
  return !isInMesh(mesh, accountOf(principal)) || parseCentralTable(mesh, table) === undefined;
}

/** By STS, which does not give the role, or by what the role may do there. Anything else may pass. */
function isDenied(fault: unknown): boolean {
  return fault instanceof Error && fault.name.startsWith('AccessDenied');
}
