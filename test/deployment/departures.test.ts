/** When an offboarding may be said to be done: after every function that could know the mesh before has ended. */
import { expect, it } from 'vitest';
import { DECIDED_BEFORE_MILLISECONDS } from '../../shared/access/departures.ts';
import { doubtAfterFault } from '../../shared/access/ledger.ts';
import { SYNCED_BEFORE_MILLISECONDS } from '../../shared/catalog/offboard-tables.ts';
import { FRESH_MILLISECONDS } from '../../shared/lambda/applied-mesh-cache.ts';
import { hub } from './stacks.ts';

const NOW = '2026-11-21T09:00:00.000Z';
/** How long a call that was sent may take to land. */
const lateMilliseconds = Date.parse(doubtAfterFault(NOW)) - Date.parse(NOW);

it.each([
  ['AccessIntakeLambdaFunction', DECIDED_BEFORE_MILLISECONDS],
  ['AccessEnforceLambdaFunction', DECIDED_BEFORE_MILLISECONDS],
  ['CatalogSyncLambdaFunction', SYNCED_BEFORE_MILLISECONDS],
])('%s has ended by then, and its last call has landed', (id, milliseconds) => {
  const seconds = hub.ofType('AWS::Lambda::Function').find(one => one.id === id)?.properties.Timeout;
  expect(FRESH_MILLISECONDS + seconds * 1000 + lateMilliseconds).toBeLessThanOrEqual(milliseconds);
});
