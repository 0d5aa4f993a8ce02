/**
 * Somebody applies a mesh: proves for one account that Trellis can work in it, and that its buckets let the hub's data role in.
 *
 * Trigger: `trellis apply`, with `{ account, kind, databases, buckets, isOutsideOrganization, organization? }`. Touches nothing: reads, in the account,
 * of what cannot exist, of its data lake settings, and of the policies of its buckets and their keys.
 */
import { spokeCheckServices } from '../shared/lambda/spoke-check-services.ts';
import type { SpokeCheck } from '../shared/mesh/check-spoke.ts';
import { proveSpoke } from '../shared/mesh/prove-spoke.ts';

const services = spokeCheckServices();

export const handler = async (check: SpokeCheck) => proveSpoke(services(), check);
