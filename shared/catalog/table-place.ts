import { centralDatabase, isSyncedDatabase, type Mesh } from '../mesh/mesh.ts';
import type { TablePlace } from './catalog-ports.ts';

/** A table by its producer's own names. */
interface ProducerTable {
  account: string;
  database: string;
  table: string;
}

/** Where a producer's table belongs in the central catalog; undefined when it does not. */
export function placeOf(mesh: Mesh, { account, database, table }: ProducerTable): TablePlace | undefined {
  const owner = Object.entries(mesh.domains).find(
    ([, domain]) => domain.account === account && isSyncedDatabase(domain, database),
  );
  if (!owner) return undefined;
  const [domain] = owner;
  return { account, domain, sourceDatabase: database, database: centralDatabase(domain, database), table };
}
