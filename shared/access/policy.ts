import { compilePolicies, type PolicyTexts } from './policy-compile.ts';
import {
  type AccessQuestion,
  approveCall,
  autoApproveCall,
  type PolicyCall,
  readColumnCall,
  requestCall,
} from './policy-question.ts';
import { cedar } from './policy-wasm.ts';

export interface PolicyAnswer {
  /** `automatic`: granted at once; `owner`: the owner decides. */
  outcome: 'denied' | 'automatic' | 'owner';
  /** The columns that may be granted, in the order asked. Empty when denied. */
  columns: string[];
  refusedColumns: RefusedColumn[];
  /** Why it is denied, or why it is not automatic. Sentences for a person; empty when automatic. */
  reasons: string[];
  /** The ids of the policies that decided, sorted. */
  policies: string[];
}

export interface RefusedColumn {
  name: string;
  reasons: string[];
}

export interface ApprovalAnswer {
  /** Whether the steward's yes may take effect, for `columns`. */
  outcome: 'denied' | 'approved';
  columns: string[];
  refusedColumns: RefusedColumn[];
  reasons: string[];
  policies: string[];
}

/** What policy leaves of a grant. */
export interface GrantAnswer {
  /** The columns that it may keep. Empty when nothing is left of it. */
  columns: string[];
  refusedColumns: RefusedColumn[];
  /** Why nothing is left; empty when something is. */
  reasons: string[];
  policies: string[];
}

export interface PolicyEngine {
  /**
   * What policy says to a request or an extension.
   * Never throws: what cannot be evaluated is denied.
   */
  decideRequest(question: AccessQuestion): PolicyAnswer;
  /** Whether a steward may say yes to the question (as narrowed). The caller has checked that the approver is a steward of the domain. */
  decideApproval(decision: { question: AccessQuestion; approver: string }): ApprovalAnswer;
  /**
   * What is left of a grant that is looked at again. A steward's yes (`approver`) stands where policy leaves the decision to the owner, also when that
   * steward may no longer give it; what forbids it takes it away. Without one, it keeps what policy grants by itself.
   */
  decideAgain(grant: { question: AccessQuestion; approver?: string | undefined }): GrantAnswer;
}

/**
 * Makes the engine: all texts are checked against the schema and preparsed.
 * A domain's policies are evaluated for its own tables only, together with the council's guardrails.
 * @throws PolicyInvalidError with every problem of every text.
 */
export function createPolicyEngine(texts: PolicyTexts): PolicyEngine {
  const compiled = compilePolicies(texts);

  function ask(question: AccessQuestion, call: PolicyCall): Verdict {
    const domain = compiled.domains.get(question.domain);
    if (!domain)
      return { allowed: false, reasons: [`no policies of domain ${question.domain} are known`], policies: [] };
    const answer = cedar.statefulIsAuthorized({
      ...call,
      preparsedSchemaName: compiled.schemaName,
      validateRequest: true,
      preparsedPolicySetId: domain.policySetId,
    });
    if (answer.type === 'failure')
      return failed(
        answer.errors.map(error => error.message),
        [],
      );
    const { decision, diagnostics } = answer.response;
    // Cedar leaves out a policy that fails, a forbid too: so an error must deny, whatever the decision says.
    if (diagnostics.errors.length > 0) {
      const messages = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`);
      return failed(
        messages,
        diagnostics.errors.map(error => error.policyId),
      );
    }
    const policies = diagnostics.reason;
    if (decision === 'allow') return { allowed: true, reasons: [], policies };
    if (policies.length === 0) return { allowed: false, reasons: [], policies };
    return { allowed: false, reasons: policies.map(id => domain.reasons.get(id) ?? id), policies };
  }

  function readable(question: AccessQuestion): Narrowing {
    const narrowing: Narrowing = { columns: [], refused: [], policies: [], failures: [] };
    for (const column of question.columns) {
      const verdict = ask(question, readColumnCall(question, column));
      narrowing.policies.push(...verdict.policies);
      if (verdict.failed) narrowing.failures.push(...verdict.reasons);
      if (verdict.allowed) {
        narrowing.columns.push(column);
        continue;
      }
      const labels = column.labels.length > 0 ? `labelled ${column.labels.join(', ')}` : 'unlabelled';
      const silent = `no policy of ${question.domain} lets it be read (${labels})`;
      narrowing.refused.push({
        name: column.name,
        reasons: verdict.reasons.length > 0 ? unique(verdict.reasons) : [silent],
      });
    }
    return narrowing;
  }

  /** The request may be asked at all, and leaves columns to grant. A description alone is of all columns, and lets none of them be read. */
  function narrow(question: AccessQuestion): Narrowed {
    const request = ask(question, requestCall(question));
    if (!request.allowed) {
      const silent = `no policy of ${question.domain} permits the request`;
      const reasons = request.reasons.length > 0 ? request.reasons : [silent];
      return { columns: [], refused: [], policies: request.policies, reasons };
    }
    if (question.permission === 'DESCRIBE')
      return { columns: question.columns, refused: [], policies: request.policies, reasons: [] };
    const { columns, refused, policies, failures } = readable(question);
    const all = { columns, refused, policies: [...request.policies, ...policies] };
    if (failures.length > 0) return { ...all, reasons: failures };
    if (question.columns.length === 0) return { ...all, reasons: ['no column is asked for'] };
    const keys = question.columns.filter(column => column.isPartitionKey);
    const refusedKeys = refused.filter(({ name }) => keys.some(key => key.name === name));
    if (refusedKeys.length > 0) {
      const reasons = refusedKeys.map(
        key => `partition key ${key.name} is read by every grant on the table: ${key.reasons.join('; ')}`,
      );
      return { ...all, reasons };
    }
    if (columns.length > 0) return { ...all, reasons: [] };
    return { ...all, reasons: refused.map(({ name, reasons }) => `column ${name}: ${reasons.join('; ')}`) };
  }

  return {
    decideRequest(question) {
      const narrowed = narrow(question);
      if (narrowed.reasons.length > 0) return deny(narrowed, narrowed.reasons, []);
      const automatic = ask(question, autoApproveCall(question, narrowed.columns));
      if (automatic.failed) return deny(narrowed, automatic.reasons, automatic.policies);
      const silent = `no policy of ${question.domain} grants this without the owner's decision`;
      return {
        outcome: automatic.allowed ? 'automatic' : 'owner',
        columns: narrowed.columns.map(column => column.name),
        refusedColumns: narrowed.refused,
        reasons: automatic.allowed ? [] : unique(automatic.reasons.length > 0 ? automatic.reasons : [silent]),
        policies: unique([...narrowed.policies, ...automatic.policies]).sort(),
      };
    },

    decideApproval({ question, approver }) {
      const narrowed = narrow(question);
      if (narrowed.reasons.length > 0) return deny(narrowed, narrowed.reasons, []);
      const approval = ask(question, approveCall(question, narrowed.columns, approver));
      const silent = `no policy of ${question.domain} lets ${approver} approve this`;
      if (!approval.allowed) {
        return deny(narrowed, approval.reasons.length > 0 ? approval.reasons : [silent], approval.policies);
      }
      return {
        outcome: 'approved',
        columns: narrowed.columns.map(column => column.name),
        refusedColumns: narrowed.refused,
        reasons: [],
        policies: unique([...narrowed.policies, ...approval.policies]).sort(),
      };
    },

    decideAgain({ question, approver }) {
      const narrowed = narrow(question);
      if (narrowed.reasons.length > 0) return deny(narrowed, narrowed.reasons, []);
      const stands = (columns: AccessQuestion['columns']): Verdict => {
        if (approver === undefined) return ask(question, autoApproveCall(question, columns));
        const verdict = ask(question, approveCall(question, columns, approver));
        const isForbidden = verdict.failed || verdict.policies.length > 0;
        return isForbidden ? verdict : { ...verdict, allowed: true };
      };
      const whole = stands(narrowed.columns);
      const all = { ...narrowed, policies: [...narrowed.policies, ...whole.policies] };
      if (whole.allowed) return keep(all, narrowed.columns, []);
      const silent = `no policy of ${question.domain} grants this without the owner's decision, which it never had`;
      const why = whole.reasons.length > 0 ? whole.reasons : [silent];
      if (question.permission === 'DESCRIBE') return deny(all, why, []);
      const keys = narrowed.columns.filter(column => column.isPartitionKey);
      const kept = narrowed.columns.filter(column => column.isPartitionKey || stands([...keys, column]).allowed);
      const rest = kept.length > 0 && !whole.failed ? stands(kept) : undefined;
      if (!rest?.allowed) return deny(all, why, []);
      return keep({ ...all, policies: [...all.policies, ...rest.policies] }, kept, why);
    },
  };
}

function keep(narrowed: Narrowed, kept: AccessQuestion['columns'], why: string[]): GrantAnswer {
  const taken = narrowed.columns.filter(column => !kept.includes(column));
  return {
    columns: kept.map(({ name }) => name),
    refusedColumns: [...narrowed.refused, ...taken.map(({ name }) => ({ name, reasons: why }))],
    reasons: [],
    policies: unique(narrowed.policies).sort(),
  };
}

interface Verdict {
  allowed: boolean;
  /** From the forbids that decided; empty when merely nothing permits it. */
  reasons: string[];
  policies: string[];
  failed?: true;
}

interface Narrowing {
  columns: AccessQuestion['columns'];
  refused: RefusedColumn[];
  policies: string[];
  /** What went wrong in evaluating. */
  failures: string[];
}

interface Narrowed extends Omit<Narrowing, 'failures'> {
  /** Why it is denied; empty when it is not. */
  reasons: string[];
}

function failed(messages: string[], policies: string[]): Verdict {
  return {
    allowed: false,
    failed: true,
    reasons: messages.map(message => `policy evaluation failed: ${message}`),
    policies,
  };
}

function deny(narrowed: Narrowed, reasons: string[], policies: string[]) {
  return {
    outcome: 'denied' as const,
    columns: [],
    refusedColumns: narrowed.refused,
    reasons: unique(reasons),
    policies: unique([...narrowed.policies, ...policies]).sort(),
  };
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}
