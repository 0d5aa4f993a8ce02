/** What a new mesh changes against the one that was applied last, part by part. */
import { isDeepStrictEqual } from 'node:util';
import type { AppliedMesh } from './applied-mesh.ts';
import type { MeshChange } from './apply-changes.ts';
import { accountsOf, type Consumer, type Domain, type Mesh } from './mesh.ts';
import type { StageOfFolder } from './read-mesh-folder.ts';

/** Pure; no domain has moved to another account (`leavingWith`). What leaves the mesh is `mesh-removed`: accounts, domains, databases, prefixes, that is, what somebody may have grants on or through. */
export function diffMesh(before: Mesh | undefined, after: Mesh): MeshChange[] {
  const changes = new Changes();
  diffMembers(changes, before, after);
  if (before) diffTerms(changes, before, after);
  return changes.all;
}

/** Whether the two are the same to the last character: nothing need be saved. */
export function isSameMesh(before: AppliedMesh | undefined, after: StageOfFolder): boolean {
  return isDeepStrictEqual(before && { mesh: before.mesh, policies: before.policies }, {
    mesh: after.mesh,
    policies: after.policies,
  });
}

class Changes {
  readonly all: MeshChange[] = [];
  added = (subject: string, sentence: string) => void this.all.push({ kind: 'mesh-added', subject, sentence });
  changed = (subject: string, sentence: string) => void this.all.push({ kind: 'mesh-changed', subject, sentence });
  removed = (subject: string, sentence: string) => void this.all.push({ kind: 'mesh-removed', subject, sentence });
}

function diffMembers(changes: Changes, before: Mesh | undefined, after: Mesh): void {
  for (const [name, domain] of Object.entries(after.domains)) {
    const known = before?.domains[name];
    if (known) diffDomain(changes, name, known, domain);
    else changes.added(`domain ${name}`, `domain ${name} joins: ${describeDomain(domain)}`);
  }
  for (const [name, domain] of Object.entries(before?.domains ?? {})) {
    if (!after.domains[name]) changes.removed(`domain ${name}`, `domain ${name} leaves: ${describeDomain(domain)}`);
  }
  for (const [name, consumer] of Object.entries(after.consumers)) {
    const known = before?.consumers[name];
    if (!known) changes.added(`consumer ${name}`, `consumer ${name} joins: ${describeConsumer(consumer)}`);
    else if (!isDeepStrictEqual(known, consumer)) {
      const sentence = `consumer ${name}: ${describeConsumer(known)} becomes ${describeConsumer(consumer)}`;
      changes.changed(`consumer ${name}`, sentence);
    }
  }
  const staying = accountsOf(after);
  for (const [name, consumer] of Object.entries(before?.consumers ?? {})) {
    if (after.consumers[name]) continue;
    const sentence = `consumer ${name} is no longer listed: ${describeConsumer(consumer)}`;
    changes.changed(`consumer ${name}`, sentence);
  }
  for (const account of before ? accountsOf(before) : []) {
    if (!staying.includes(account)) changes.removed(`account ${account}`, `account ${account} leaves the mesh`);
  }
}

function diffDomain(changes: Changes, name: string, before: Domain, after: Domain): void {
  const subject = `domain ${name}`;
  diffDatabases(changes, name, before.databases, after.databases);
  const lists = diffLists(before.prefixes, after.prefixes);
  for (const prefix of lists.added) changes.added(prefix, `domain ${name} gains the prefix ${prefix}`);
  for (const prefix of lists.removed) changes.removed(prefix, `domain ${name} loses the prefix ${prefix}`);
  const stewards = diffLists(before.stewards, after.stewards);
  for (const arn of stewards.added) changes.changed(arn, `domain ${name} gains the steward ${arn}`);
  for (const arn of stewards.removed) changes.changed(arn, `domain ${name} loses the steward ${arn}`);
  const readers = diffLists(before.shareBack ?? [], after.shareBack ?? []);
  for (const arn of readers.added) changes.changed(arn, `domain ${name} shares its central tables back to ${arn}`);
  for (const arn of readers.removed) {
    changes.changed(arn, `domain ${name} no longer shares its central tables back to ${arn}`);
  }
  for (const term of ['policies', 'decisions'] as const) {
    if (before[term] !== after[term]) {
      changes.changed(subject, `domain ${name}: ${term} change from ${before[term]} to ${after[term]}`);
    }
  }
}

function diffDatabases(changes: Changes, name: string, before: Domain['databases'], after: Domain['databases']): void {
  const subject = `domain ${name}`;
  if (before === '*' || after === '*') {
    if (before === after) return;
    if (after === '*') changes.changed(subject, `domain ${name} gives all its databases, no longer named ones only`);
    else changes.removed(subject, `domain ${name} gives ${after.join(', ')} only, no longer all its databases`);
    return;
  }
  const { added, removed } = diffLists(before, after);
  for (const database of added) changes.added(`database ${database}`, `domain ${name} gains the database ${database}`);
  for (const database of removed)
    changes.removed(`database ${database}`, `domain ${name} loses the database ${database}`);
}

function diffTerms(changes: Changes, before: Mesh, after: Mesh): void {
  for (const term of ['organization', 'graceHours', 'noticeHours', 'answerWithinHours'] as const) {
    if (before[term] === after[term]) continue;
    changes.changed(term, `${term} changes from ${before[term] ?? 'none'} to ${after[term] ?? 'none'}`);
  }
  const share = [before.caps.inferredRemovalShare, after.caps.inferredRemovalShare];
  if (share[0] !== share[1]) {
    changes.changed('inferredRemovalShare', `caps.inferredRemovalShare changes from ${share[0]} to ${share[1]}`);
  }
  const { added, removed } = diffLists(before.piiPurposes, after.piiPurposes);
  for (const purpose of added) changes.changed('piiPurposes', `personal data may be read for ${purpose}`);
  for (const purpose of removed) changes.changed('piiPurposes', `personal data may no longer be read for ${purpose}`);
}

function diffLists(before: readonly string[], after: readonly string[]) {
  return {
    added: after.filter(item => !before.includes(item)),
    removed: before.filter(item => !after.includes(item)),
  };
}

function describeDomain({ account, databases, prefixes }: Domain): string {
  const what = databases === '*' ? 'all databases' : databases.join(', ');
  return `account ${account}, ${what}, ${prefixes.join(' ')}`;
}

function describeConsumer({ account, outsideOrganization }: Consumer): string {
  return `account ${account}${outsideOrganization ? ', outside the organization' : ''}`;
}
