import { type Lease, type Ledger, TableLockedError } from './ledger.ts';

/** A table's lease that is taken while its holder still reads what there is to do. */
export interface LeaseAhead {
  /** The lease, for the first who works on its table; undefined for everybody else, and where another holds it. @throws the ledger's fault */
  use(table: string): Promise<Lease | undefined>;
  /** Gives it back if nobody has used it. Does not throw: it ends by itself. */
  giveBack(): Promise<void>;
}

/** Begins to take a table's lease, once: who does not get it takes it in turn when its time comes. */
export function leaseAhead(
  services: {
    ledger: Pick<Ledger, 'takeLease' | 'releaseLease'>;
    now(): string;
    deadline(): string;
    newHolder(): string;
    report(message: string, fault: unknown): void;
  },
  table: string,
): LeaseAhead {
  const { ledger, now, deadline, newHolder, report } = services;
  const taking = ledger.takeLease(table, newHolder(), now(), deadline()).catch((fault: unknown) => {
    if (fault instanceof TableLockedError) return undefined;
    throw fault;
  });
  // Whoever uses it, or gives it back, meets the fault.
  taking.catch(() => {});
  let isUsed = false;
  return {
    async use(wanted) {
      if (isUsed || wanted !== table) return undefined;
      isUsed = true;
      return taking;
    },
    async giveBack() {
      if (isUsed) return;
      isUsed = true;
      try {
        const lease = await taking;
        if (lease) await ledger.releaseLease(lease);
      } catch (fault) {
        report(`The lease of ${table}, which nobody needed, was not given back`, fault);
      }
    },
  };
}
