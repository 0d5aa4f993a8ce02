import { compareDatabase } from './compare-database.ts';
import { concludeRun } from './conclude-run.ts';
import { describeFailure } from './describe-failure.ts';
import { nextParts, type RunPosition, unread } from './next-parts.ts';
import type { ReconcileServices } from './reconcile-ports.ts';
import { type Part, type PartReport, parseRequest, RequestError, type Run, type RunReport } from './reconcile-run.ts';

/** One step of a run, as its state machine asks for it. */
export type ReconcileStep = { run: string; request: unknown; isRepeated: boolean } & (
  | { step: 'next'; position: RunPosition }
  | { step: 'compare'; part: Part }
  | { step: 'unread'; part: Part; failure: { Error?: string; Cause?: string } }
  | { step: 'conclude' }
);

export type StepResult = { parts: Part[]; position: RunPosition } | { isDone: boolean } | RunReport;

/**
 * Does one step. Each may be repeated: it finds in the ledger what it came to before.
 * @throws RequestError for a request that cannot be followed; the fault of a service
 */
export async function takeStep(
  services: ReconcileServices,
  step: ReconcileStep,
  isTimeUp: () => boolean,
): Promise<StepResult> {
  const run: Run = { id: step.run, request: parseRequest(step.request), isRepeated: step.isRepeated };
  switch (step.step) {
    case 'next':
      await services.runs.begin(run.id, run.request);
      return nextParts(services, run, step.position);
    case 'compare':
      return { isDone: (await compareNext(services, run, step.part, isTimeUp)).position === undefined };
    case 'unread':
      await keepUnread(services, run, step.part, describeFailure(step.failure));
      return { isDone: true };
    case 'conclude':
      return concludeRun(services, run);
    default:
      throw new RequestError(`There is no step ${String((step as { step: unknown }).step)}.`);
  }
}

async function compareNext(
  services: ReconcileServices,
  run: Run,
  part: Part,
  isTimeUp: () => boolean,
): Promise<PartReport> {
  const { runs, mesh } = services;
  const before = await runs.loadPart(run.id, part.domain, part.database);
  const isSamePass = before !== undefined && before.mayRemove === part.mayRemove && before.failure === undefined;
  if (isSamePass && !before.position) return before;
  const report = Object.hasOwn(mesh.domains, part.domain)
    ? await compareDatabase(services, run, part, isSamePass ? before : undefined, isTimeUp)
    : unread(part, `The domain ${part.domain} has left the mesh meanwhile.`);
  await runs.savePart(run.id, report);
  return report;
}

/** What an earlier step of the part came to stays counted. */
async function keepUnread({ runs }: ReconcileServices, { id }: Run, part: Part, failure: string): Promise<void> {
  const before = await runs.loadPart(id, part.domain, part.database);
  await runs.savePart(id, { ...unread(part, failure), ...before, failure });
}
