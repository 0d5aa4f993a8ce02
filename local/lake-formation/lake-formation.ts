/**
 * The local mesh's Lake Formation: what a principal can see and read is decided from its grants alone.
 * Rules and their sources are where they are applied; texts of errors are AWS's where they are known, and say so where they are not.
 */
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';
import type { VirtualClock } from '../core/clock.ts';
import type { CatalogContents, CatalogGuard, DataAccess, EmitNative, ResourceSharing } from '../core/ports.ts';
import type { Operation, Service } from '../core/service.ts';
import { Authority } from './authority.ts';
import { createDataAccess } from './data-access.ts';
import { filterOperations } from './filter-operations.ts';
import { grantOperations } from './grant-operations.ts';
import { createGuard } from './guard.ts';
import { Lakes } from './lake.ts';
import { lakeOperations } from './lake-operations.ts';
import { listPermissions } from './list-permissions.ts';
import { Trail } from './trail.ts';

export interface LakeFormation {
  service: Service;
  guard: CatalogGuard;
  dataAccess: DataAccess;
  /**
   * Makes the next run of an operation fail, once for each call: for tests of what AWS does now and then, such as
   * ConcurrentModificationException. An entry of a batch counts as a GrantPermissions or RevokePermissions.
   */
  failNext(operation: string, error: AwsError): void;
}

export interface LakeFormationDependencies {
  clock: VirtualClock;
  contents: () => CatalogContents;
  emitNative: EmitNative;
  sharing: ResourceSharing;
}

/** The operations that only read: they leave no event. */
const READS = /^(Get|List|Describe|Search)/;

const ABSENT =
  `AddLFTagsToResource AssumeDecoratedRoleWithSAML CancelTransaction CommitTransaction CreateLFTag CreateLFTagExpression
  CreateLakeFormationIdentityCenterConfiguration CreateLakeFormationOptIn DeleteLFTag DeleteLFTagExpression
  DeleteLakeFormationIdentityCenterConfiguration DeleteLakeFormationOptIn DeleteObjectsOnCancel
  DescribeLakeFormationIdentityCenterConfiguration DescribeTransaction ExtendTransaction GetDataLakePrincipal
  GetEffectivePermissionsForPath GetLFTag GetLFTagExpression GetQueryState GetQueryStatistics GetResourceLFTags GetTableObjects
  GetTemporaryDataLocationCredentials GetTemporaryGluePartitionCredentials GetTemporaryGlueTableCredentials GetWorkUnitResults
  GetWorkUnits ListLFTagExpressions ListLFTags ListLakeFormationOptIns ListTableStorageOptimizers ListTransactions
  RemoveLFTagsFromResource SearchDatabasesByLFTags SearchTablesByLFTags StartQueryPlanning StartTransaction UpdateLFTag
  UpdateLFTagExpression UpdateLakeFormationIdentityCenterConfiguration UpdateTableObjects UpdateTableStorageOptimizer`.split(
    /\s+/,
  );

export function createLakeFormation(dependencies: LakeFormationDependencies): LakeFormation {
  const { clock, contents, emitNative, sharing } = dependencies;
  const lakes = new Lakes();
  const authority = new Authority(lakes, sharing);
  const trail = new Trail(clock, emitNative);
  const ordered = new Map<string, AwsError[]>();
  const failIfOrdered = (operation: string) => {
    const error = ordered.get(operation)?.shift();
    if (error) throw error;
  };

  const operations: Record<string, Operation> = {
    ...lakeOperations({ clock, lakes }),
    ...grantOperations({ clock, contents, lakes, authority, sharing, failIfOrdered }),
    ...filterOperations({ contents, lakes, authority }),
    ListPermissions: {
      access: () => [{ action: 'lakeformation:ListPermissions', resource: '*' }],
      run: (input, call) => listPermissions({ contents, lakes, authority }, input, call),
    },
  };
  const present = Object.entries(operations).map(([name, operation]) => {
    const isChecked = name === 'GrantPermissions' || name === 'RevokePermissions';
    return [name, observed(name, operation, trail, isChecked ? () => {} : failIfOrdered)] as const;
  });
  return {
    service: { id: 'lakeformation', operations: { ...absentOperations(), ...Object.fromEntries(present) } },
    guard: createGuard({ clock, contents, lakes, authority }),
    dataAccess: createDataAccess({ contents, lakes, authority, trail }),
    failNext: (operation, error) => void ordered.set(operation, [...(ordered.get(operation) ?? []), error]),
  };
}

/** The operation, leaving its event whether it is done or fails. */
function observed(name: string, operation: Operation, trail: Trail, failIfOrdered: (name: string) => void): Operation {
  return {
    access: operation.access,
    run: (input, call) => {
      try {
        failIfOrdered(name);
        const output = operation.run(input, call);
        if (!READS.test(name)) trail.call(call, name, input, { output });
        return output;
      } catch (error) {
        if (error instanceof AwsError && !READS.test(name)) trail.call(call, name, input, { error });
        throw error;
      }
    },
  };
}

function absentOperations(): Record<string, Operation> {
  return Object.fromEntries(
    ABSENT.map(name => {
      const refuse = () => {
        throw notInLocalMesh(`Lake Formation's ${name}`);
      };
      return [name, { access: refuse, run: refuse }];
    }),
  );
}
