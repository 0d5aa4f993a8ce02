import type { AccessRequest } from '../../../shared/access/access-request.ts';
import { toldEvent } from '../../../shared/telling/told-event.ts';

export const NOW = '2026-11-21T09:00:00.000Z';
export const END = '2026-12-21T09:00:00.000Z';
export const ANALYST = 'arn:aws:iam::444444444444:role/Analyst';
export const pair = { principal: ANALYST, table: 'aviation_ops.flights' };
export const grant = { requestId: 'req-1', columns: ['delay'], rowFilter: null, expiresAt: END };
export const request: AccessRequest = {
  requestId: 'req-1',
  account: '444444444444',
  principal: ANALYST,
  domain: 'aviation',
  purpose: 'delay study',
  terms: [{ table: pair.table, columns: ['delay'], rowFilter: null }],
  expiresAt: END,
  policies: ['aviation.flights'],
  fingerprint: 'f',
  state: { status: 'approved', approvedAt: NOW, attempts: 0, retryAt: NOW, reasons: [] },
  version: 1,
};
export const told = toldEvent('Access Expiring', ['req-1', 1], NOW, ['444444444444'], {
  requestId: 'req-1',
  principal: ANALYST,
  tables: [pair.table],
  expiresAt: END,
});

export const pairItem = { pk: 'table#aviation_ops.flights', sk: `pair#${ANALYST}` };
