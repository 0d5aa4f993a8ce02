import { isNode, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod/mini';
import { accountOf } from '../access/access-request.ts';
import type { AccessQuestion, QuestionColumn } from '../access/policy-question.ts';
import { isPiiPurpose, type Mesh, teamsOfAccount } from './mesh.ts';

/** What a domain expects of its policies: one request and what must come of it. */
export interface PolicyCase {
  name: string;
  /** In its file, from 1. */
  line: number;
  /** With the table's partition keys, asked for or not. */
  question: AccessQuestion;
  /** The columns that are asked for. */
  asked: string[];
  expected: ExpectedAnswer;
}

export interface ExpectedAnswer {
  /** `waits`: for the owner. */
  outcome: 'automatic' | 'waits' | 'denied';
  /** Columns that are taken out of the request. Left out: none, or any where it is denied. */
  keptBack?: string[];
  /** Policies that must be among those that decide. */
  policies?: string[];
}

/** A file of cases cannot be used. Names everything that is wrong with it. Trying again does not help. */
export class PolicyCasesError extends Error {
  override name = 'PolicyCasesError';

  constructor(file: string, problems: readonly { line: number; message: string }[]) {
    const lines = problems.map(({ line, message }) => `  ${file}:${line} ${message}`);
    super(`${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`);
  }
}

/** `public`, `internal, pii`, nothing for an unlabelled column; or that with `partitionKey`. */
const LABELS = 'expected labels, such as `internal, pii`, or nothing for an unlabelled column';
const labels = z.union([z.string(), z.array(z.string()), z.null()], LABELS);
const column = z.union([labels, z.strictObject({ labels, partitionKey: z.optional(z.boolean()) })], LABELS);
const columns = z.record(z.string(), column);
const outcome = z.enum(['automatic', 'waits', 'denied'], 'expected automatic, waits or denied');
const text = z.string('expected a text');
const names = z.array(text, 'expected a list of names');

const fileSchema = z.strictObject({
  /** By `<database>.<table>`, the producer's names: what each column is labelled. */
  tables: z.optional(z.record(z.string().check(z.regex(/^[^.]+\.[^.]+$/, 'expected <database>.<table>')), columns)),
  cases: z
    .array(
      z.strictObject({
        case: text,
        request: z.strictObject({
          team: z.optional(text),
          principal: z.optional(
            z.string().check(z.regex(/^arn:aws:iam::\d{12}:(role|user)\/.+$/, 'expected the ARN of a role or user')),
          ),
          table: text,
          /** Of the table; or, for a table that is not listed, with their labels. */
          columns: z.optional(z.union([names, columns], 'expected a list of columns, or each with its labels')),
          purpose: text,
          days: z.number('expected a number of days').check(z.positive('expected more than no days')),
          rowFilter: z.optional(z.boolean('expected true or false')),
          permission: z.optional(z.enum(['SELECT', 'DESCRIBE'], 'expected SELECT or DESCRIBE')),
        }),
        expect: z.union(
          [outcome, z.strictObject({ outcome, keptBack: z.optional(names), policies: z.optional(names) })],
          'expected automatic, waits or denied, or a mapping with outcome, keptBack and policies',
        ),
      }),
    )
    .check(z.minLength(1, 'expected at least one case')),
});
type CaseFile = z.infer<typeof fileSchema>;
type WrittenRequest = CaseFile['cases'][number]['request'];

/**
 * Reads a file of a domain's cases. Accounts, teams and the council's list of purposes are those of the mesh.
 * @throws PolicyCasesError with every problem and its line
 */
export function parsePolicyCases(text: string, file: string, domain: string, mesh: Mesh): PolicyCase[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0)
    throw new PolicyCasesError(
      file,
      document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), message })),
    );
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node = path.length > 0 ? document.getIn(path, true) : document.contents;
    if (isNode(node) && node.range) return lineAt(node.range[0]);
    return path.length > 0 ? lineOf(path.slice(0, -1)) : 1;
  };
  const parsed = fileSchema.safeParse(document.toJS());
  if (!parsed.success)
    throw new PolicyCasesError(
      file,
      parsed.error.issues.map(issue => ({
        line: lineOf(issue.path),
        message: `${issue.path.join('.')}${issue.path.length > 0 ? ': ' : ''}${explain(issue)}`,
      })),
    );
  const problems: { line: number; message: string }[] = [];
  const cases = parsed.data.cases.flatMap(({ case: name, request, expect }, index) => {
    const line = lineOf(['cases', index]);
    const question = questionOf(request, parsed.data, domain, mesh);
    if (typeof question !== 'string') {
      const asked = Array.isArray(request.columns) ? request.columns : question.columns.map(each => each.name);
      return [{ name, line, question, asked, expected: expectedOf(expect) }];
    }
    problems.push({ line: lineOf(['cases', index, 'request']), message: `${name}: ${question}` });
    return [];
  });
  if (problems.length > 0) throw new PolicyCasesError(file, problems);
  return cases;
}

function explain(issue: z.core.$ZodIssue): string {
  return issue.code === 'unrecognized_keys' ? `unknown key ${issue.keys.join(', ')}` : issue.message;
}

/** The question, or what is wrong with it. */
function questionOf(
  { team, principal, table: written, columns: asked, purpose, days, rowFilter, permission = 'SELECT' }: WrittenRequest,
  { tables = {} }: CaseFile,
  domain: string,
  mesh: Mesh,
): AccessQuestion | string {
  const arn = principal ?? principalOf(team, mesh);
  if (arn === undefined)
    return team === undefined ? 'name a team or a principal' : `mesh.yml has no domain or consumer ${team}`;
  const account = accountOf(arn);
  if (principal !== undefined && team !== undefined && !teamsOfAccount(mesh, account).includes(team))
    return `${principal} is not of team ${team}`;
  const [database = '', table = '', ...rest] = written.split('.');
  if (database === '' || table === '' || rest.length > 0) return `${written} is no table: write <database>.<table>`;
  const listed = Object.hasOwn(tables, written) ? columnsOf(tables[written]!) : undefined;
  const given = asked === undefined || Array.isArray(asked) ? listed : columnsOf(asked);
  if (!given) return `the file lists no table ${written}: list it under tables, or give each column its labels`;
  const unknown = Array.isArray(asked) ? asked.filter(name => !given.some(each => each.name === name)) : [];
  if (unknown.length > 0) return `${written} has no column ${unknown.join(', ')} in this file`;
  return {
    principal: arn,
    account,
    teams: teamsOfAccount(mesh, account),
    domain,
    database,
    table,
    columns: given.filter(each => each.isPartitionKey || !Array.isArray(asked) || asked.includes(each.name)),
    purpose,
    durationDays: days,
    permission,
    hasRowFilter: rowFilter ?? false,
    isPiiPurpose: isPiiPurpose(mesh, purpose),
  };
}

/** Any role of a team: policies that name one need the principal itself. */
function principalOf(team: string | undefined, { consumers, domains }: Mesh): string | undefined {
  if (team === undefined) return undefined;
  const member = Object.hasOwn(consumers, team)
    ? consumers[team]
    : Object.hasOwn(domains, team)
      ? domains[team]
      : undefined;
  return member && `arn:aws:iam::${member.account}:role/AnyRole`;
}

function columnsOf(written: z.infer<typeof columns>): QuestionColumn[] {
  return Object.entries(written).map(([name, said]) => {
    const isMapping = typeof said === 'object' && said !== null && !Array.isArray(said);
    const all = isMapping ? said.labels : said;
    const list = typeof all === 'string' ? all.split(',') : (all ?? []);
    return { name, labels: list, isPartitionKey: isMapping && said.partitionKey === true };
  });
}

function expectedOf(written: CaseFile['cases'][number]['expect']): ExpectedAnswer {
  if (typeof written === 'string') return { outcome: written };
  const { outcome, keptBack, policies } = written;
  return { outcome, ...(keptBack && { keptBack }), ...(policies && { policies }) };
}
