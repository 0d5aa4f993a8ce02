import type { Notice } from './notice.ts';

/** What is published on a topic: for e-mail, so plain text. */
export interface NoticeMessage {
  subject: string;
  text: string;
}

/** A message, and what it tells. */
export interface WrittenMessage extends NoticeMessage {
  notices: readonly Notice[];
}

/** Characters of a subject. Source: SNS API reference, Publish: fewer than 100, of printable ASCII. */
const LONGEST_SUBJECT = 99;

/** Bytes of a message with its subject: SNS takes 262,144 (its API reference, Publish). The rest is for the subject and the heading. */
const LARGEST_TEXT = 250_000;

/** More in one message nobody reads. */
const MOST_NOTICES = 200;

/** The rest are in the event. */
const MOST_REASONS = 10;

/** How many columns are named before they are only counted. */
const MOST_COLUMNS = 30;

/**
 * The messages that tell notices of one topic: one, but for more than fit. Neither depends on when they came: those that wait for an answer stand first,
 * and the earliest end or deadline before others.
 */
export function writeMessages(stage: string, notices: readonly Notice[]): WrittenMessage[] {
  const inOrder = notices.toSorted(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || instantOf(a).localeCompare(instantOf(b)),
  );
  return chunksOf(inOrder).map(chunk => ({
    notices: chunk,
    subject: printable(`[trellis ${stage}] ${headline(chunk)}`, LONGEST_SUBJECT),
    text: `${headline(chunk)} (stage ${stage}).\n\n${chunk.map(notice => paragraph(stage, notice)).join('\n\n')}\n`,
  }));
}

const KINDS: Notice['kind'][] = ['approval-needed', 'expiring', 'narrowed', 'revoked'];

function instantOf(notice: Notice): string {
  return notice.kind === 'approval-needed' ? notice.answerBy : notice.expiresAt;
}

function chunksOf(notices: readonly Notice[]): Notice[][] {
  const chunks: Notice[][] = [];
  let bytes = 0;
  for (const notice of notices) {
    const size = new TextEncoder().encode(paragraph('a-stage-of-16-ch', notice)).length + 2;
    const last = chunks.at(-1);
    if (last && last.length < MOST_NOTICES && bytes + size <= LARGEST_TEXT) {
      last.push(notice);
      bytes += size;
    } else {
      chunks.push([notice]);
      bytes = size;
    }
  }
  return chunks;
}

function headline(notices: readonly Notice[]): string {
  const count = (kind: Notice['kind']) => notices.filter(notice => notice.kind === kind).length;
  const parts = [
    counted(count('approval-needed'), 'request waits for you', 'requests wait for you'),
    counted(count('expiring'), 'grant ends soon', 'grants end soon'),
    counted(count('narrowed'), 'grant gives less', 'grants give less'),
    counted(count('revoked'), 'grant has ended', 'grants have ended'),
  ];
  return parts.filter(part => part !== '').join(', ');
}

function counted(count: number, one: string, many: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? one : many}`;
}

function paragraph(stage: string, notice: Notice): string {
  const { principal, requestId } = notice;
  const tables = notice.tables.join(', ');
  const line = (name: string, text: string) => `  ${name.padEnd(11)}${printed(text)}`;
  const request = line('request', requestId);
  switch (notice.kind) {
    case 'approval-needed': {
      const asks = notice.question === 'extension' ? 'asks to read for longer:' : 'asks to read';
      const again = notice.reminder === undefined ? '' : ` (reminder ${notice.reminder})`;
      return [
        `${printed(principal)} ${asks} ${printed(tables)}${again}`,
        line('purpose', JSON.stringify(notice.purpose)),
        line('columns', notice.columns.length > 0 ? someOf(notice.columns) : 'none: the description alone'),
        line('rows', notice.columns.length > 0 ? (notice.rowFilter ?? 'all') : 'none'),
        line('until', notice.expiresAt),
        line('answer by', `${notice.answerBy}, or it is denied`),
        request,
        line('to answer', `trellis access decide ${requestId} approve --stage ${stage}`),
        line('', `trellis access decide ${requestId} deny --reason "..." --stage ${stage}`),
      ].join('\n');
    }
    case 'expiring':
      return [
        `${printed(principal)} can read ${printed(tables)} until ${notice.expiresAt}`,
        request,
        line('to keep it', `trellis access extend ${requestId} --days <n> --stage ${stage}`),
      ].join('\n');
    case 'narrowed':
      return [
        `${printed(principal)} can still read ${printed(tables)}, and less of it`,
        line('columns', someOf(notice.columns)),
        ...notice.reasons.slice(0, MOST_REASONS).map((reason, index) => line(index === 0 ? 'because' : '', reason)),
        request,
      ].join('\n');
    case 'revoked':
      return [
        `${printed(principal)} can no longer read ${printed(tables)}`,
        line('because', WHY[notice.cause]),
        request,
      ].join('\n');
  }
}

const WHY: Record<Extract<Notice, { kind: 'revoked' }>['cause'], string> = {
  expired: 'its time is over',
  requested: 'it was taken back',
  policy: 'a policy no longer allows it',
  'table-removed': 'the table is gone',
  offboarded: 'its account or its domain has left the mesh',
};

function someOf(names: readonly string[]): string {
  const more = names.length - MOST_COLUMNS;
  return more > 0 ? `${names.slice(0, MOST_COLUMNS).join(', ')} and ${more} more` : names.join(', ');
}

/** On one line: what a requester wrote must not look like a line of ours. */
function printed(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

function printable(text: string, longest: number): string {
  return text.replace(/[^ -~]/g, '?').slice(0, longest);
}
