/** The buses, rules, archives and replays of every account, and their names. */
import type { Timer } from '../core/clock.ts';
import { type PolicyDocument, REGION, type Wire } from '../core/service.ts';
import type { ArchivedEvents } from './archived-events.ts';
import type { EventPattern } from './pattern.ts';
import type { RoutedEvent } from './routed-event.ts';
import { notFound } from './validation.ts';

export type RuleState = 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';

export interface RuleTarget {
  /** As PutTargets took it, and as ListTargetsByRule gives it back. */
  wire: Wire;
  /** The JSON text that the target gets. */
  payloadOf: (event: RoutedEvent) => string;
}

export interface Rule {
  name: string;
  arn: string;
  bus: Bus;
  createdBy: string;
  state: RuleState;
  description: string | undefined;
  roleArn: string | undefined;
  eventPattern: string | undefined;
  pattern: EventPattern | undefined;
  scheduleExpression: string | undefined;
  nextFiring: Timer | undefined;
  targets: Map<string, RuleTarget>;
}

export interface Bus {
  account: string;
  name: string;
  arn: string;
  description: string | undefined;
  policy: PolicyDocument | undefined;
  createdAt: number;
  modifiedAt: number;
  rules: Map<string, Rule>;
  /** Rules with a pattern by the sources that they can match; undefined after a change, until the next event. */
  ruleIndex: { bySource: Map<string, Rule[]>; anySource: Rule[] } | undefined;
}

export interface Archive {
  name: string;
  arn: string;
  /** The archive's source. */
  busArn: string;
  description: string | undefined;
  eventPattern: string | undefined;
  pattern: EventPattern | undefined;
  /** Zero: for ever. */
  retentionDays: number;
  createdAt: number;
  events: ArchivedEvents;
}

export interface Replay {
  name: string;
  arn: string;
  description: string | undefined;
  archiveArn: string;
  destination: { Arn: string; FilterArns?: string[] };
  eventStart: number;
  eventEnd: number;
  state: 'STARTING' | 'RUNNING' | 'CANCELLING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  stateReason: string | undefined;
  lastReplayed: number | undefined;
  startedAt: number;
  endedAt: number | undefined;
}

export interface AccountEvents {
  buses: Map<string, Bus>;
  archives: Map<string, Archive>;
  replays: Map<string, Replay>;
}

export interface BusName {
  account: string;
  name: string;
}

const BUS_ARN = /^arn:aws:events:([a-z0-9-]+):(\d{12}):event-bus\/(.+)$/;

export function busArn({ account, name }: BusName): string {
  return `arn:aws:events:${REGION}:${account}:event-bus/${name}`;
}

export function ruleArn(bus: BusName, rule: string): string {
  const path = bus.name === 'default' ? rule : `${bus.name}/${rule}`;
  return `arn:aws:events:${REGION}:${bus.account}:rule/${path}`;
}

/** The bus that an ARN of this Region names, whether or not it exists. */
export function parseBusArn(arn: string): BusName | undefined {
  const [, region, account, name] = BUS_ARN.exec(arn) ?? [];
  return region === REGION ? { account: account!, name: name! } : undefined;
}

/** An `EventBusName` is a name in the caller's account, or an ARN; left out, it is `default`. */
export function busNamed(nameOrArn: Wire, callerAccount: string): BusName {
  if (nameOrArn === undefined || nameOrArn === null) return { account: callerAccount, name: 'default' };
  return parseBusArn(String(nameOrArn)) ?? { account: callerAccount, name: String(nameOrArn) };
}

export class Registry {
  readonly #accounts = new Map<string, AccountEvents>();
  readonly #hasAccount: (account: string) => boolean;
  readonly #now: () => number;

  constructor(hasAccount: (account: string) => boolean, now: () => number) {
    this.#hasAccount = hasAccount;
    this.#now = now;
  }

  /** An account's part, with the bus `default` that every account has; undefined for an account that the mesh does not have. */
  account(id: string): AccountEvents | undefined {
    let account = this.#accounts.get(id);
    if (!account && this.#hasAccount(id)) {
      account = { buses: new Map(), archives: new Map(), replays: new Map() };
      this.#accounts.set(id, account);
      this.addBus({ account: id, name: 'default' }, undefined);
    }
    return account;
  }

  addBus(name: BusName, description: string | undefined): Bus {
    const now = this.#now();
    const bus: Bus = {
      ...name,
      arn: busArn(name),
      description,
      policy: undefined,
      createdAt: now,
      modifiedAt: now,
      rules: new Map(),
      ruleIndex: undefined,
    };
    this.account(name.account)!.buses.set(name.name, bus);
    return bus;
  }

  findBus({ account, name }: BusName): Bus | undefined {
    return this.account(account)?.buses.get(name);
  }

  /** Throws ResourceNotFoundException. */
  bus(name: BusName): Bus {
    const bus = this.findBus(name);
    if (!bus) throw notFound(`Event bus ${name.name} does not exist.`);
    return bus;
  }

  /** Throws ResourceNotFoundException. */
  rule(busName: BusName, name: string): Rule {
    const rule = this.bus(busName).rules.get(name);
    if (!rule) throw notFound(`Rule ${name} does not exist on EventBus ${busName.name}.`);
    return rule;
  }

  archivesOf(bus: Bus): Archive[] {
    const archives: Archive[] = [];
    for (const archive of this.account(bus.account)?.archives.values() ?? []) {
      if (archive.busArn === bus.arn) archives.push(archive);
    }
    return archives;
  }
}
