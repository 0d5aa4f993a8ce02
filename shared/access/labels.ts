/** How sensitive a column is, in rising order. */
export const LEVELS = ['public', 'internal', 'confidential', 'restricted'] as const;

export type Level = (typeof LEVELS)[number];

/** The column parameter that carries labels. */
export const CLASSIFICATION_PARAMETER = 'trellis.classification';

export interface ColumnLabels {
  /** As written, lower-case, each once, sorted. Kept also when they do not make sense together: a `pii` among them still guards the column. */
  labels: string[];
  /** Exactly one level, and nothing unknown. */
  isLabelled: boolean;
  /** Why the column counts as unlabelled although something is written. */
  problem?: string;
}

/** The labels in a column's parameters: `trellis.classification`, comma-separated. No parameters: no labels. */
export function labelsOf(columnParameters: Record<string, string> | undefined): ColumnLabels {
  return readLabels((columnParameters?.[CLASSIFICATION_PARAMETER] ?? '').split(','));
}

/** What a list of labels says. Blanks and case do not matter. */
export function readLabels(written: Iterable<string>): ColumnLabels {
  const labels = [
    ...new Set([...written].map(label => label.trim().toLowerCase()).filter(label => label !== '')),
  ].sort();
  if (labels.length === 0) return { labels, isLabelled: false };
  const problem = findProblem(labels);
  return problem === undefined ? { labels, isLabelled: true } : { labels, isLabelled: false, problem };
}

function findProblem(labels: string[]): string | undefined {
  const unknown = labels.filter(label => label !== 'pii' && !isLevel(label));
  if (unknown.length > 0) return `unknown label ${unknown.join(', ')}: there are ${LEVELS.join(', ')}, and pii`;
  const levels = labels.filter(isLevel);
  if (levels.length === 0) return `pii alone does not say how sensitive the column is: add one of ${LEVELS.join(', ')}`;
  if (levels.length > 1) return `one level is allowed, not ${levels.join(' and ')}`;
  return undefined;
}

function isLevel(label: string): label is Level {
  return LEVELS.some(level => level === label);
}
