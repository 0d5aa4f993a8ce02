import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, YAMLMap } from 'yaml';
import { checkStage, type StageParts } from './check-stage.ts';
import { explainIssue } from './explain-mesh-issue.ts';
import type { Consumer, Domain, Mesh } from './mesh.ts';
import { consumerSchema, domainSchema, meshFileSchema } from './mesh-schema.ts';
import { nearestName } from './nearest-name.ts';

export interface MeshFileProblem {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** For example `stages.local.domains.aviation.prefixes[0]`. */
  path: string;
  message: string;
}

/** Problems that the message tells one by one. */
const LONGEST_LIST = 40;

/** `mesh.yml` cannot be used. Names everything that is wrong with it, in the file's order. Trying again does not help. */
export class MeshFileError extends Error {
  override readonly name = 'MeshFileError';
  readonly problems: MeshFileProblem[];

  constructor(problems: MeshFileProblem[], file = 'mesh.yml') {
    const lines = problems.map(
      ({ line, column, path, message }) => `  ${file}:${line}:${column} ${path ? `${path}: ` : ''}${message}`,
    );
    if (lines.length > LONGEST_LIST) lines.splice(LONGEST_LIST, Infinity, `  and ${lines.length - LONGEST_LIST} more`);
    super(`${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

type Path = (string | number)[];

/**
 * Reads the text of `mesh.yml` and gives the mesh of one stage, with defaults filled in. All stages are checked.
 * @throws MeshFileError with every problem at once.
 */
export function parseMesh(text: string, stage: string): Mesh {
  const lines = new LineCounter();
  const { document, value, problems: syntax } = readYaml(text, lines);
  if (syntax.length > 0) throw new MeshFileError(syntax);

  const place = (path: Path, onKey = false): { line: number; column: number } => {
    const { line, col } = lines.linePos(offsetOf(document, path, onKey));
    return { line, column: col };
  };
  const parsed = meshFileSchema.safeParse(value);
  const problems: MeshFileProblem[] = [];
  for (const issue of parsed.error?.issues ?? []) {
    for (const { path, message, onKey } of explainIssue(issue, path => nodeAt(document, path))) {
      problems.push({ ...place(path, onKey), path: writePath(path), message });
    }
  }
  const stages = recordAt(recordAt(value).stages);
  for (const name of Object.keys(stages)) {
    for (const { path, message } of checkStage(wellFormedParts(stages[name]))) {
      const whole = ['stages', name, ...path];
      problems.push({ ...place(whole), path: writePath(whole), message });
    }
  }
  if (problems.length === 0 && !Object.hasOwn(stages, stage)) {
    const names = Object.keys(stages);
    const nearest = nearestName(stage, names);
    const message = `there is no stage ${stage}${nearest ? ` (did you mean ${nearest}?)` : ''}; the file has ${names.join(', ') || 'none'}`;
    problems.push({ ...place(['stages'], true), path: 'stages', message });
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  if (problems.length > 0 || !parsed.success) throw new MeshFileError(problems);
  return { stage, ...parsed.data.stages[stage]! };
}

function readYaml(
  text: string,
  lines: LineCounter,
): { document: Document; value: unknown; problems: MeshFileProblem[] } {
  const at = (offset: number, message: string): MeshFileProblem => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, path: '', message };
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    // A warning (an unknown tag, say) means that a value is not what its writer thought.
    const problems = [...document.errors, ...document.warnings].map(error => at(error.pos[0], error.message));
    return { document, value: problems.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 }), problems };
  } catch (error) {
    // Too many aliases (a bomb), an alias without its anchor, or nesting deeper than the stack.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw new MeshFileError([{ line: 1, column: 1, path: '', message: error.message }]);
  }
}

/** The domains and consumers of a stage that are right each by itself, so that mistakes between them show beside mistakes within others. */
function wellFormedParts(stage: unknown): StageParts {
  const { hub, domains, consumers } = recordAt(stage);
  const parts: StageParts = { hub: typeof hub === 'string' ? hub : undefined, domains: {}, consumers: {} };
  for (const [name, domain] of Object.entries(recordAt(domains))) {
    const parsed = domainSchema.safeParse(domain);
    if (parsed.success) parts.domains[name] = parsed.data satisfies Domain;
  }
  for (const [name, consumer] of Object.entries(recordAt(consumers))) {
    const parsed = consumerSchema.safeParse(consumer);
    if (parsed.success) parts.consumers[name] = parsed.data satisfies Consumer;
  }
  return parts;
}

function recordAt(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function nodeAt(document: Document, path: Path): Node | undefined {
  let node: unknown = document.contents;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (!(node instanceof YAMLMap) && !isNode(node)) return undefined;
    node = 'get' in node && typeof node.get === 'function' ? node.get(key, true) : undefined;
  }
  return isNode(node) ? node : undefined;
}

/** Where the thing at a path stands: its value, or its key; what is not there is told at the nearest thing around it. */
function offsetOf(document: Document, path: Path, onKey: boolean): number {
  const key = path.at(-1);
  const parent = nodeAt(document, path.slice(0, -1));
  if (onKey && isMap(parent)) {
    const pair = parent.items.find(item => isScalar(item.key) && String(item.key.value) === String(key));
    if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0];
  }
  const node = nodeAt(document, path);
  if (node?.range) return node.range[0];
  return path.length > 0 ? offsetOf(document, path.slice(0, -1), true) : 0;
}

function writePath(path: Path): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index > 0 ? `.${key}` : key)).join('');
}
