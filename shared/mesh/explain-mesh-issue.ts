import { isScalar, type Node } from 'yaml';
import type * as z from 'zod/mini';
import { nearestName } from './nearest-name.ts';

type Path = (string | number)[];

export interface ExplainedIssue {
  path: Path;
  message: string;
  /** The fault is the key at the path, not its value. */
  onKey: boolean;
}

/** The keys that a mapping may have, by what it is. */
const KEYS = {
  file: ['stages'],
  stage: [
    'hub',
    'organization',
    'domains',
    'consumers',
    'graceHours',
    'noticeHours',
    'answerWithinHours',
    'caps',
    'piiPurposes',
  ],
  domain: ['account', 'databases', 'prefixes', 'stewards', 'policies', 'decisions', 'shareBack'],
  consumer: ['account', 'outsideOrganization'],
  caps: ['inferredRemovalShare'],
};

/** What one issue of the schema means for a person, at the places in the file that it is about. */
export function explainIssue(issue: z.core.$ZodIssue, nodeAt: (path: Path) => Node | undefined): ExplainedIssue[] {
  const path = issue.path.map(key => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(path);
    return issue.keys.map(key => {
      const nearest = nearestName(key, allowed);
      const hint = nearest ? `did you mean ${nearest}?` : `it may have ${allowed.join(', ')}`;
      return { path: [...path, key], message: `unknown key; ${hint}`, onKey: true };
    });
  }
  if (issue.code === 'invalid_key') {
    return [{ path, message: `expected ${issue.issues[0]?.message ?? issue.message}`, onKey: true }];
  }
  if (issue.code === 'invalid_union') {
    // A list was begun: what is wrong is in it.
    const inner = issue.errors.find(branch => branch.some(each => each.path.length > 0 || each.code === 'too_small'));
    if (inner) return inner.flatMap(each => explainIssue({ ...each, path: [...issue.path, ...each.path] }, nodeAt));
  }
  const node = nodeAt(path);
  if (node === undefined) return [{ path, message: `missing: ${issue.message}`, onKey: false }];
  return [{ path, message: describe(path, node, issue.message), onKey: false }];
}

function describe(path: Path, node: Node, expected: string): string {
  const isAccount = path.at(-1) === 'account' || path.at(-1) === 'hub';
  if (isAccount && isScalar(node) && typeof node.value === 'number') {
    const written = node.source ?? String(node.value);
    return `an account id needs quotes, or YAML reads it as a number and leading zeros are lost: write '${written}'`;
  }
  if (!isScalar(node)) return `expected ${expected}`;
  return `expected ${expected}; found ${node.value === null ? 'nothing' : JSON.stringify(node.value)}`;
}

function allowedKeys(path: Path): string[] {
  if (path.length === 0) return KEYS.file;
  if (path.length === 2) return KEYS.stage;
  if (path[2] === 'domains') return KEYS.domain;
  if (path[2] === 'consumers') return KEYS.consumer;
  return KEYS.caps;
}
