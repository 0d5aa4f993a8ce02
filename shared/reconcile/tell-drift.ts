import { tell } from '../telling/outbox.ts';
import { type ToldEvent, toldEvent } from '../telling/told-event.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import type { Difference, HeldBack, Part, PartReport, Run } from './reconcile-run.ts';

/** Differences of one database that are told one by one; of the others, how many they are. */
export const MOST_TOLD = 100;

/** An event of a difference, the same for the same run: it is kept before the repair, for a process that dies after it would not know of it. */
export function driftEvent(
  { mesh, now }: ReconcileServices,
  { id }: Run,
  { domain }: Pick<Part, 'domain'>,
  { kind, subject, expected, found, repaired }: Omit<Difference, 'reason'>,
): ToldEvent {
  const data = { kind, subject, expected, found, repaired };
  return toldEvent('Catalog Drift Detected', [id, kind, subject], now(), [mesh.domains[domain]!.account], data);
}

/** Tells how many differences of a database were not told one by one. */
export async function tellOfMore(
  services: ReconcileServices,
  run: Run,
  { domain, database, drift }: PartReport,
): Promise<void> {
  if (drift <= MOST_TOLD) return;
  const event = toldEvent(
    'Catalog Drift Detected',
    [run.id, 'more', domain, database],
    services.now(),
    [services.mesh.domains[domain]!.account],
    {
      kind: 'more',
      subject: `${domain}_${database}`,
      expected: `at most ${MOST_TOLD} differences`,
      found: `${drift - MOST_TOLD} more, which the run's report counts`,
      repaired: false,
    },
  );
  await keepAndTell(services, event);
}

export async function tellHeldBack(
  services: ReconcileServices,
  run: Run,
  { domain, removals, ofTables }: HeldBack,
): Promise<void> {
  const event = toldEvent(
    'Catalog Drift Detected',
    [run.id, 'removals-held-back', domain],
    services.now(),
    [services.mesh.domains[domain]!.account],
    {
      kind: 'removals-held-back',
      subject: domain,
      expected: `at most ${services.mesh.caps.inferredRemovalShare * 100} % of ${ofTables} tables gone at once`,
      found: `${removals} tables gone with their databases; none was removed`,
      repaired: false,
    },
  );
  await keepAndTell(services, event);
}

/** Kept first, so that it is told by the sweep where this process cannot. */
export async function keepAndTell(services: ReconcileServices, event: ToldEvent): Promise<void> {
  await services.outbox.keep(event);
  await tell(services, [event]);
}
