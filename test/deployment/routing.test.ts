/** Which events go where: the patterns of both stacks against every event that there is, and who may put which. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { told } from '../../events/told.ts';
import type { PolicyDocument, Wire } from '../../local/core/service.ts';
import { compilePattern } from '../../local/events/pattern.ts';
import { EventFields, matches } from '../../local/events/pattern-match.ts';
import type { RoutedEvent } from '../../local/events/routed-event.ts';
import { compileInput } from '../../local/events/target-input.ts';
import { Iam } from '../../local/iam/iam.ts';
import type { DueItem } from '../../shared/access/ledger.ts';
import { ROOT } from './source-files.ts';
import { hub, mesh, REGION, type Resource, spokes, statementsOf, targetsOf } from './stacks.ts';

interface Event {
  source: string;
  'detail-type': string;
  account: string;
  [member: string]: Wire;
}

/** What comes in, by source. Native events first. */
const NATIVE: Record<string, string[]> = {
  'aws.glue': [
    'Glue Data Catalog Database State Change',
    'Glue Data Catalog Table State Change',
    'Glue Job State Change',
  ],
  'aws.glue-dataquality': ['Data Quality Evaluation Results Available'],
  'aws.lakeformation': ['AWS API Call via CloudTrail'],
};
const OURS: Record<string, string[]> = {
  'trellis.pipeline': ['Pipeline Run Completed'],
  'trellis.contract': ['Contract Submitted'],
  'trellis.access': [
    'Access Requested',
    'Access Decision Made',
    'Access Extension Requested',
    'Access Revocation Requested',
  ],
};
/** Others that an account's default bus has, and one that somebody made up. */
const STRANGE: Record<string, string[]> = {
  'aws.s3': ['Object Created'],
  'aws.events': ['Scheduled Event'],
  'com.example': ['Access Requested'],
  trellisx: ['Access Requested'],
};
const domainAccounts = Object.values(mesh.domains).map(domain => domain.account);
const consumerAccounts = Object.values(mesh.consumers).map(consumer => consumer.account);
const spokeAccounts = [...new Set([...domainAccounts, ...consumerAccounts])];

/** The changes of a central table that its standing grants follow. */
const STRUCTURAL = ['created', 'recreated', 'there-again', 'columns', 'partition-keys'];

/** What people are notified of. */
const NOTIFIED = ['Access Approval Needed', 'Access Expiring', 'Access Narrowed', 'Access Revoked'];

/** Which of the hub's rules an event reaches, but for those that every event may: by what it says. The whole of what Trellis listens to. */
const LISTENS: Record<string, (event: Event) => boolean> = {
  CatalogRule: event =>
    event.source === 'aws.glue' && event['detail-type'].startsWith('Glue Data Catalog') && event.account !== mesh.hub,
  AccessRule: event => event.source === 'trellis.access',
  ShareBackRule: event =>
    event['detail-type'] === 'Catalog Table Synced' &&
    event.source === 'trellis' &&
    (event.detail.data.changes ?? []).some((change: string) => STRUCTURAL.includes(change)),
  NotifyRule: event => event.source === 'trellis' && NOTIFIED.includes(event['detail-type']),
  // Nobody has anything on a table that was only now created.
  LabelsRule: event =>
    event['detail-type'] === 'Catalog Table Synced' &&
    event.source === 'trellis' &&
    (event.detail.data.changes ?? []).some((change: string) => STRUCTURAL.includes(change) && change !== 'created'),
};

const made = [NATIVE, OURS, STRANGE, { trellis: Object.keys(told) }].flatMap(sources =>
  Object.entries(sources).flatMap(([source, types]) =>
    types.flatMap(type => [mesh.hub, ...spokeAccounts].map(account => eventOf(source, type, account))),
  ),
);
const samples = globSync('events/samples/*.json', { cwd: ROOT });
const golden = samples.flatMap(path =>
  [JSON.parse(readFileSync(join(ROOT, path), 'utf8'))]
    .flat()
    .filter((event): event is Event => typeof event?.source === 'string'),
);
const events = [...made, ...golden];
const trellisOwn = events.filter(event => event.source === 'trellis');

function eventOf(source: string, type: string, account: string): Event {
  const detail = { metadata: { eventId: 'e-1' }, data: {} };
  return {
    version: '0',
    id: '1',
    source,
    'detail-type': type,
    account,
    time: '2026-11-21T09:00:00Z',
    region: REGION,
    resources: [],
    detail,
  };
}

function matching(resource: Resource): Event[] {
  const pattern = compilePattern(JSON.stringify(resource.properties.EventPattern));
  return events.filter(event => matches(pattern, new EventFields(event)));
}

const describeEvent = (event: Event) => `${event.account} ${event.source} ${event['detail-type']}`;

describe('the samples of events', () => {
  it('are all read', () => {
    expect(golden.length).toBeGreaterThanOrEqual(samples.length);
    expect(golden.map(event => event.source)).toEqual(
      expect.arrayContaining(['trellis', 'aws.glue', 'trellis.access']),
    );
  });
});

describe('the archive', () => {
  const archived = matching(hub.ofType('AWS::Events::Archive')[0]!);

  it('leaves out all that Trellis told itself, so that a replay notifies nobody twice', () => {
    expect(trellisOwn.length).toBeGreaterThan(0);
    expect(archived.filter(event => event.source === 'trellis').map(describeEvent)).toEqual([]);
  });

  it('has everything else, of the one bus, for a year', () => {
    expect(archived).toHaveLength(events.length - trellisOwn.length);
    const [archive, ...others] = hub.ofType('AWS::Events::Archive');
    expect(others).toEqual([]);
    expect(archive?.properties).toMatchObject({
      SourceArn: hub.ofType('AWS::Events::EventBus')[0]?.arn,
      RetentionDays: 365,
    });
  });
});

describe("rules on the hub's bus", () => {
  const listening = hub.ofType('AWS::Events::Rule').filter(rule => rule.properties.EventBusName !== undefined);

  it('are those that are listed here, all on this bus', () => {
    expect(listening.map(rule => rule.id).sort()).toEqual(Object.keys(LISTENS).sort());
    for (const rule of listening)
      expect(rule.properties).toMatchObject({ EventBusName: hub.ofType('AWS::Events::EventBus')[0]?.ref });
  });

  it.each(listening.map(rule => [rule.id, rule] as const))(
    '%s gets the events that are meant for it, and no others',
    (id, rule) => {
      const meant = events.filter(event => LISTENS[id]?.(event));
      expect(meant.length).toBeGreaterThan(0);
      expect(matching(rule).map(describeEvent)).toEqual(meant.map(describeEvent));
    },
  );

  it('never hear Trellis itself, but for three, of which no change of a table is told in turn', () => {
    const hearing = listening.filter(rule => matching(rule).some(event => event.source === 'trellis'));
    expect(hearing.map(({ id }) => id).sort()).toEqual(['LabelsRule', 'NotifyRule', 'ShareBackRule']);
  });

  it('hand over a table whose columns changed, and none of which only the description or a partition did', () => {
    const rule = listening.find(({ id }) => id === 'ShareBackRule');
    const pattern = compilePattern(JSON.stringify(rule?.properties.EventPattern));
    const isHeard = (changes: string[]) => {
      const event = eventOf('trellis', 'Catalog Table Synced', mesh.hub);
      event.detail.data = { domain: 'aviation', database: 'aviation_ops', table: 'flights', changes };
      return matches(pattern, new EventFields(event));
    };
    for (const change of STRUCTURAL) expect(isHeard(['description', change]), change).toBe(true);
    for (const change of ['description', 'storage', 'parameters', 'partitions-added 1'])
      expect(isHeard([change]), change).toBe(false);
    expect(isHeard([])).toBe(false);
  });

  it.each(['share-back', 'labels'] as const)(
    'hand it over as a piece of work that the function of the queue knows: %s',
    kind => {
      const id = { 'share-back': 'ShareBackRule', labels: 'LabelsRule' }[kind];
      const [target] = targetsOf(hub).filter(({ rule }) => rule.id === id);
      const event = eventOf('trellis', 'Catalog Table Synced', mesh.hub);
      event.detail.data = { database: 'aviation_ops', table: 'flights', changes: ['columns'] };
      const read = compileInput(target!.target, { name: kind, arn: target!.rule.arn });
      const work: DueItem = { kind, table: 'aviation_ops.flights' };
      const routed = { envelope: event, text: JSON.stringify(event), receivedAt: 0 } as unknown as RoutedEvent;
      expect(JSON.parse(read(routed))).toEqual(work);
    },
  );
});

describe("forwarding to the hub's bus", () => {
  const ofSources = (...sources: Record<string, string[]>[]) =>
    events.filter(event => sources.some(each => event.source in each)).map(describeEvent);

  it.each(spokes.map(spoke => [spoke.account, spoke] as const))(
    'from %s: native events and those of the mesh, never what the hub puts there',
    (_, spoke) => {
      const [rule, ...others] = spoke.ofType('AWS::Events::Rule');
      expect(others).toEqual([]);
      expect(rule?.properties.EventBusName ?? 'default').toBe('default');
      expect(matching(rule!).map(describeEvent)).toEqual(ofSources(NATIVE, OURS));
    },
  );

  it("from the hub's own default bus: native events", () => {
    const rules = hub
      .ofType('AWS::Events::Rule')
      .filter(rule => rule.properties.EventPattern && rule.properties.EventBusName === undefined);
    expect(rules).toHaveLength(1);
    expect(matching(rules[0]!).map(describeEvent)).toEqual(ofSources(NATIVE));
  });
});

describe('putting events', () => {
  const policyOf = (statements: Wire[]): PolicyDocument => ({ Version: '2012-10-17', Statement: statements });
  const hubPolicy = policyOf(hub.ofType('AWS::Events::EventBusPolicy').map(one => one.properties.Statement));
  const hubBus = hub.ofType('AWS::Events::EventBus')[0]!;
  const iam = new Iam(() => undefined);
  const mayPut = (resourcePolicy: PolicyDocument, resource: string, account: string, ...sources: string[]) =>
    iam.mayPutEvents(
      { action: 'events:PutEvents', resource, resourcePolicy, context: { 'events:source': sources } },
      account,
      true,
    );

  /** Who may put which sources on the hub's bus. */
  const MAY: Record<string, { accounts: string[]; sources: string[] }> = {
    domains: { accounts: domainAccounts, sources: [...Object.keys(NATIVE), ...Object.keys(OURS)] },
    consumers: { accounts: consumerAccounts, sources: [...Object.keys(NATIVE), 'trellis.access'] },
    // Forwards with a role of the hub, and tells: by their own policies, in the same account.
    'the hub': { accounts: [mesh.hub], sources: [] },
    'an account outside the mesh': { accounts: ['999999999999'], sources: [] },
  };
  const sources = [NATIVE, OURS, STRANGE, { trellis: [] }].flatMap(Object.keys);

  it.each(Object.entries(MAY))(
    "%s put on the hub's bus what is theirs, alone or together, and nothing else",
    (_, { accounts, sources: own }) => {
      for (const account of accounts) {
        const allowed = sources.filter(source => mayPut(hubPolicy, hubBus.arn, account, source));
        expect(allowed).toEqual(sources.filter(source => own.includes(source)));
        if (own.length > 0) {
          expect(mayPut(hubPolicy, hubBus.arn, account, ...own)).toBe(true);
          expect(mayPut(hubPolicy, hubBus.arn, account, ...own, 'trellis')).toBe(false);
        }
        // ForAllValues is true of nothing: `Null` sees to it that there is a source.
        expect(mayPut(hubPolicy, hubBus.arn, account)).toBe(false);
      }
    },
  );

  it('is bounded to the bus itself, in policies that EventBridge takes', () => {
    for (const { properties } of hub.ofType('AWS::Events::EventBusPolicy')) {
      expect(properties.EventBusName).toBe(hubBus.ref);
      expect(properties.Statement).toMatchObject({ Effect: 'Allow', Action: 'events:PutEvents', Resource: hubBus.arn });
    }
    // Source: EventBridge User Guide, quotas.
    expect(JSON.stringify(hubPolicy).length).toBeLessThanOrEqual(10_240);
  });

  it("on a spoke's default bus is for the hub, and only what Trellis tells", () => {
    for (const spoke of spokes) {
      const [policy, ...others] = spoke.ofType('AWS::Events::EventBusPolicy');
      expect(others).toEqual([]);
      expect(policy?.properties.EventBusName).toBe('default');
      const document = policyOf([policy?.properties.Statement]);
      const bus = `arn:aws:events:${REGION}:${spoke.account}:event-bus/default`;
      expect(statementsOf(document).map(statement => statement.Resource)).toEqual([bus]);
      expect(sources.filter(source => mayPut(document, bus, mesh.hub, source))).toEqual(['trellis']);
      expect(mayPut(document, bus, mesh.hub)).toBe(false);
      for (const account of ['999999999999', ...spokeAccounts])
        expect(mayPut(document, bus, account, 'trellis')).toBe(false);
    }
  });
});
