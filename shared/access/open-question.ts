import type { AccessRequest, Extension, Instant } from './access-request.ts';

/** Something that the owner's stewards are asked. */
export interface Question {
  askedAt: Instant;
  /** Unanswered by then, it is denied. */
  answerBy: Instant;
  /** How many of its reminders are behind it, told or overtaken by a later one. */
  reminded?: number;
}

/** When the stewards are reminded: half-way, and a day before the time is over, where there is as much. */
function reminderTimes({ askedAt, answerBy }: Question): Instant[] {
  const [start, end] = [Date.parse(askedAt), Date.parse(answerBy)];
  const times = [(start + end) / 2, end - DAY].filter(time => time > start);
  return [...new Set(times)].sort((a, b) => a - b).map(time => new Date(time).toISOString());
}

/** When the next reminder is due; undefined when all are behind. */
export function nextReminder(question: Question): Instant | undefined {
  return reminderTimes(question)[question.reminded ?? 0];
}

/** How many reminders are behind at `now`. Of several that are overdue, one is told. */
export function remindersBehind(question: Question, now: Instant): number {
  return reminderTimes(question).filter(time => time <= now).length;
}

/** The extension that a grant's holder waits for. */
export function openExtension({ state }: AccessRequest): Extension | undefined {
  return state.status === 'granted' ? state.extension : undefined;
}

/** The request with its open question reminded of; itself when none is open. */
export function afterReminder(request: AccessRequest, now: Instant): AccessRequest {
  const { state } = request;
  if (state.status === 'waiting') return { ...request, state: { ...state, reminded: remindersBehind(state, now) } };
  if (state.status !== 'granted' || !state.extension) return request;
  const extension = { ...state.extension, reminded: remindersBehind(state.extension, now) };
  return { ...request, state: { ...state, extension } };
}

/** A granted request without the extension that it waited for. @throws TypeError for any other */
export function withoutExtension(request: AccessRequest): AccessRequest {
  if (request.state.status !== 'granted') throw new TypeError('Only granted access waits for its extension.');
  const { extension: _, ...state } = request.state;
  return { ...request, state };
}

const DAY = 86_400_000;
