import { isWrong, type SpokeReport } from '../shared/mesh/spoke-checks.ts';
import type { Terminal } from './terminal.ts';

/** What the accounts lack, with what to do, for a person; a line when they lack nothing. Of policies only the statements that are missing. */
export function writeReports({ style }: Pick<Terminal, 'style'>, reports: readonly SpokeReport[]): string[] {
  const lines = reports.flatMap(({ account, names, findings }) => {
    const told = findings.filter(({ ok }) => ok !== true);
    if (told.length === 0) return [];
    const header = style('bold', `Account ${account} (${names.join(', ')})`);
    return [header, ...told.flatMap(finding => writeFinding(style, finding)), ''];
  });
  const wrong = countWrong(reports);
  const accounts = reports.length === 1 ? '1 account' : `${reports.length} accounts`;
  const summary =
    wrong === 0 ? `Checked ${accounts}: Trellis can work there.` : `Checked ${accounts}: ${describeWrong(wrong)}`;
  return [...lines, style(wrong === 0 ? 'dim' : 'yellow', summary), ''];
}

export function countWrong(reports: readonly SpokeReport[]): number {
  return reports.flatMap(({ findings }) => findings).filter(isWrong).length;
}

export function describeWrong(count: number): string {
  return `${count} ${count === 1 ? 'check' : 'checks'} failed or could not be made.`;
}

function writeFinding(style: Terminal['style'], finding: SpokeReport['findings'][number]): string[] {
  const { check, ok, found, fix, missing, isAdvice } = finding;
  const [colour, sign, word] = isAdvice
    ? (['dim', '·', 'advice'] as const)
    : ok === 'unknown'
      ? (['yellow', '?', 'not known'] as const)
      : (['red', '!', 'wrong'] as const);
  return [
    `  ${style(colour, sign)} ${style('dim', word.padEnd(9))}  ${check}: ${found}`,
    ...(fix === undefined ? [] : [`      ${fix}`]),
    ...(missing === undefined
      ? []
      : [`      For the policy of ${missing.policyOf}:`, JSON.stringify(missing.statements, null, 2)]),
  ];
}
