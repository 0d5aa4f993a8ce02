import fc from 'fast-check';

/**
 * TRELLIS_RUNS multiplies how many histories each law is tried on. They are the same in every run, so that a change is what makes a law fail;
 * TRELLIS_SEED takes others (a number), and `random` new ones each time: for searching.
 */
const FACTOR = Number(process.env.TRELLIS_RUNS ?? 1);
const SEED = process.env.TRELLIS_SEED ?? '20261121';

/** How long a property may take, in milliseconds. */
export const PATIENCE = 120_000 * Math.max(1, FACTOR);

/** Checks a law on so many histories. What fails is reported with its seed, and shrunk. */
export async function law<T>(
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, holds), {
    numRuns: Math.ceil(runs * FACTOR),
    ...(SEED !== 'random' && { seed: Number(SEED) }),
    interruptAfterTimeLimit: PATIENCE - 20_000,
    markInterruptAsFailure: false,
  });
}

/** Searches for a history that breaks a law, with a fixed seed. @returns what broke, or undefined when nothing did. */
export async function counterexample<T>(
  runs: number,
  seed: number,
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
): Promise<T | undefined> {
  const { counterexample: found } = await fc.check(fc.asyncProperty(arbitrary, holds), {
    numRuns: runs,
    seed,
    endOnFailure: true,
  });
  return found?.[0];
}
