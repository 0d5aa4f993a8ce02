import type { PolicyTexts } from '../access/policy-compile.ts';
import { type Author, readPolicies } from '../access/policy-texts.ts';
import type { MeshChange } from './apply-changes.ts';

/**
 * The policies that are new, gone or written anew, by their @id; an author who is new is told with the number of its policies. The texts have
 * been compiled before (`readStage`), so that nothing is wrong with them. Policies that only moved, and what stands between them, are not told.
 */
export function diffPolicies(before: PolicyTexts | undefined, after: PolicyTexts): MeshChange[] {
  const changes: MeshChange[] = [];
  if (before && before.schema !== after.schema) {
    changes.push({ kind: 'mesh-changed', subject: 'schema', sentence: "the policies' schema is written anew" });
  }
  changes.push(...diffAuthor('the council', { council: true }, before?.guardrails, after.guardrails));
  for (const [domain, text] of Object.entries(after.domains)) {
    changes.push(...diffAuthor(`domain ${domain}`, { domain }, before?.domains[domain], text));
  }
  return changes;
}

function diffAuthor(who: string, author: Author, before: string | undefined, after: string): MeshChange[] {
  const now = textsById(after, author);
  if (before === undefined) {
    const count = now.size === 1 ? '1 policy' : `${now.size} policies`;
    return [{ kind: 'mesh-added', subject: `policies of ${who}`, sentence: `${count} of ${who}` }];
  }
  const known = textsById(before, author);
  const changes: MeshChange[] = [];
  for (const [id, text] of now) {
    if (!known.has(id)) changes.push({ kind: 'mesh-added', subject: id, sentence: `policy ${id} is new` });
    else if (known.get(id) !== text) {
      changes.push({ kind: 'mesh-changed', subject: id, sentence: `policy ${id} is written anew` });
    }
  }
  // What it permits goes on for nobody new; what it forbade may be asked for: a change of the rules, no account's or table's departure.
  for (const id of known.keys()) {
    if (!now.has(id)) changes.push({ kind: 'mesh-changed', subject: id, sentence: `policy ${id} is gone` });
  }
  return changes;
}

function textsById(text: string, author: Author): Map<string, string> {
  return new Map(readPolicies(text, author, []).map(policy => [policy.id, policy.text]));
}
