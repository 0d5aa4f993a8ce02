import { readFileSync } from 'node:fs';
import type { PolicyTexts } from '../../../shared/access/policy-compile.ts';
import type { AccessQuestion, QuestionColumn } from '../../../shared/access/policy-question.ts';

const read = (file: string) => readFileSync(`policies/${file}`, 'utf8');

/** The policies of this project. */
export const PROJECT: PolicyTexts = {
  schema: read('schema.cedarschema'),
  guardrails: read('guardrails.cedar'),
  domains: { aviation: read('aviation/access.cedar'), climate: read('climate/access.cedar') },
};

export const ANALYST = 'arn:aws:iam::444444444444:role/Analyst';
export const STEWARD = 'arn:aws:iam::222222222222:role/Steward';

/** `origin:public`, `tail:confidential,pii`, `year*:public` (a partition key), `raw` (without labels). */
export function columns(...written: string[]): QuestionColumn[] {
  return written.map(text => {
    const [name = '', labels = ''] = text.split(':');
    return {
      name: name.replace('*', ''),
      labels: labels.split(',').filter(label => label !== ''),
      isPartitionKey: name.endsWith('*'),
    };
  });
}

export function question(asked: Partial<AccessQuestion> = {}): AccessQuestion {
  return {
    principal: ANALYST,
    account: '444444444444',
    teams: ['analytics'],
    domain: 'aviation',
    database: 'ops',
    table: 'flights',
    columns: columns('origin:public'),
    purpose: 'route-study',
    durationDays: 30,
    permission: 'SELECT',
    hasRowFilter: false,
    isPiiPurpose: false,
    ...asked,
  };
}
