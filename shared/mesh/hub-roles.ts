import type { Mesh } from './mesh.ts';

/** The ARNs of the roles in the hub that Lake Formation must know, as serverless.yml names them. */
export function hubRoles({ hub, stage }: Pick<Mesh, 'hub' | 'stage'>) {
  const role = (name: string) => `arn:aws:iam::${hub}:role/trellis-${stage}-${name}`;
  return {
    /** The one that grants and revokes. */
    enforce: role('access-enforce'),
    /** Decides requests: reads every table's columns and labels. */
    intake: role('access-intake'),
    /** The one that writes the central catalog. */
    catalogSync: role('catalog-sync'),
    /** Answers people of the mesh's accounts. */
    reader: readerRole({ hub, stage }),
    /** Reads data on behalf of whom Lake Formation lets in. */
    data: role('data'),
  };
}

/** The ARN of the role that people of the mesh's accounts assume to read. */
export function readerRole({ hub, stage }: Pick<Mesh, 'hub' | 'stage'>): string {
  return `arn:aws:iam::${hub}:role/trellis-${stage}-reader`;
}

/** The table that keeps what is applied, as serverless.yml names it. */
export function ledgerTableName(stage: string): string {
  return `trellis-${stage}-ledger`;
}
