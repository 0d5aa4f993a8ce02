/** PutEvents, and the events that AWS services put themselves. */
import type { VirtualClock } from '../core/clock.ts';
import type { EmitNative } from '../core/ports.ts';
import type { Access, Call, Operation, Wire } from '../core/service.ts';
import { busArn, busNamed, type Registry } from './registry.ts';
import { routedEvent } from './routed-event.ts';
import type { Router } from './router.ts';
import { constraint, instant, invalid } from './validation.ts';

const MAX_ENTRIES = 10;
/** Bytes of all entries of a call. Source: EventBridge user guide, eb-putevent-size; a recorded refusal of a call whose total was over. */
const MAX_BYTES = 262_144;
/** What a given Time counts for. Source: EventBridge user guide, eb-putevent-size. */
const TIME_BYTES = 14;

type EntryError = { ErrorCode: string; ErrorMessage: string };

export function putEvents(registry: Registry, router: Router, clock: VirtualClock): Operation {
  return {
    access: (input, call) => accesses(registry, entriesOf(input), call),
    run(input, call) {
      const entries = entriesOf(input);
      const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
      if (bytes > MAX_BYTES) throw invalid('Total size of the entries in the request is over the limit.');
      const now = clock.now();
      // Read before anything is put: a time that is none fails the whole call.
      const times = entries.map(entry => (entry?.Time == null ? now : instant(entry.Time, 'Time')));
      const results = entries.map((entry, at) => putEntry({ registry, router, entry, call, now, time: times[at]! }));
      return { FailedEntryCount: results.filter(result => 'ErrorCode' in result).length, Entries: results };
    },
  };
}

function entriesOf(input: Wire): Wire[] {
  const entries = input.Entries;
  if (!Array.isArray(entries)) throw constraint('null', 'entries', 'not be null');
  if (entries.length === 0) throw constraint("'[]'", 'entries', 'have length greater than or equal to 1');
  if (entries.length > MAX_ENTRIES) {
    throw constraint(`of ${entries.length} entries`, 'entries', `have length less than or equal to ${MAX_ENTRIES}`);
  }
  return entries;
}

/** One access for each bus and detail-type; `events:source` has all the call's sources, as it is an array key. */
function accesses(registry: Registry, entries: Wire[], call: Call): Access[] {
  const sources = [
    ...new Set<string>(entries.map(entry => entry?.Source).filter(source => typeof source === 'string')),
  ];
  const byResource = new Map<string, Access>();
  for (const entry of entries) {
    const name = busNamed(entry?.EventBusName, call.caller.account);
    const resource = busArn(name);
    const detailType = typeof entry?.DetailType === 'string' ? entry.DetailType : undefined;
    byResource.set(`${resource} ${detailType}`, {
      action: 'events:PutEvents',
      resource,
      context: {
        'events:source': sources,
        ...(detailType === undefined ? {} : { 'events:detail-type': detailType }),
        'events:eventBusInvocation': 'false',
      },
      resourcePolicy: registry.findBus(name)?.policy,
    });
  }
  return [...byResource.values()];
}

function sizeOf(entry: Wire): number {
  let bytes = entry?.Time === undefined ? 0 : TIME_BYTES;
  const resources: Wire = entry?.Resources ?? [];
  if (!Array.isArray(resources)) throw invalid('Parameter Resources is not valid.');
  for (const text of [entry?.Source, entry?.DetailType, entry?.Detail, ...resources]) {
    if (typeof text === 'string') bytes += Buffer.byteLength(text);
  }
  return bytes;
}

function putEntry(put: {
  registry: Registry;
  router: Router;
  entry: Wire;
  call: Call;
  now: number;
  time: number;
}): EntryError | { EventId: string } {
  const { registry, router, entry, call, now, time } = put;
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (typeof entry?.[name] !== 'string' || entry[name] === '') {
      return refusal('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  if (entry.Source.startsWith('aws.')) {
    return refusal('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  const detail = parseObject(entry.Detail);
  if (!detail) return refusal('MalformedDetail', 'Detail is malformed.');
  const id = crypto.randomUUID();
  // A bus that does not exist swallows the event: AWS answers with an id and no error (recorded).
  const bus = registry.findBus(busNamed(entry.EventBusName, call.caller.account));
  if (bus) {
    const event = routedEvent(
      {
        id,
        source: entry.Source,
        detailType: entry.DetailType,
        account: call.caller.account,
        time,
        resources: entry.Resources ?? [],
        detail,
        detailText: entry.Detail,
      },
      now,
    );
    void router.route(bus, event);
  }
  return { EventId: id };
}

function refusal(ErrorCode: string, ErrorMessage: string): EntryError {
  return { ErrorCode, ErrorMessage };
}

function parseObject(text: string): Wire | undefined {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Events of AWS services arise on the default bus of their account. Those of accounts outside the mesh are nobody's. */
export function nativeEmitter(registry: Registry, router: Router, clock: VirtualClock): EmitNative {
  return (account, { source, 'detail-type': detailType, detail, resources = [] }) => {
    const bus = registry.findBus({ account, name: 'default' });
    if (!bus) return;
    const now = clock.now();
    const detailText = JSON.stringify(detail);
    const event = routedEvent(
      {
        id: crypto.randomUUID(),
        source,
        detailType,
        account,
        time: now,
        resources,
        // A copy: the service may go on with its own.
        detail: JSON.parse(detailText),
        detailText,
      },
      now,
    );
    void router.route(bus, event);
  };
}
