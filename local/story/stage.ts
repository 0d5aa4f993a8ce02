/** What the scenes of the story share: where they play, and what they expect. */
import type { ToldData, ToldType } from '../../events/told.ts';
import { type Connection, query, type Told } from './actors.ts';
import { refused, table } from './print.ts';

export interface Stage {
  endpoint: string;
  hear: () => Promise<Told[]>;
  analyst: Connection;
}

/** The data of the events of a type that came since the last time somebody asked. @throws when there was none: the story would be untrue. */
export async function heard<T extends ToldType>(
  hear: () => Promise<Told[]>,
  type: T,
): Promise<[ToldData<T>, ...ToldData<T>[]]> {
  const all = await hear();
  const [first, ...others] = all.filter(event => event.type === type).map(event => event.data as ToldData<T>);
  if (first) return [first, ...others];
  const came = all.map(event => `${event.type} ${JSON.stringify(event.data)}`).join('; ');
  throw new Error(`The story expected ${type} to be told; there came: ${came || 'nothing'}.`);
}

export async function show(who: Connection, sql: string): Promise<void> {
  const answer = await query(who, sql);
  if ('refused' in answer) throw new Error(`The query was refused: ${answer.refused}`);
  table(answer.columns, answer.rows);
}

export async function mustRefuse(who: Connection, sql: string): Promise<void> {
  const answer = await query(who, sql);
  if (!('refused' in answer)) throw new Error(`The query should have been refused: ${sql}`);
  refused(sql, answer.refused);
}

/** An instant to the minute, for people. */
export function minute(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`;
}

export function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`The story expected ${what}.`);
}
