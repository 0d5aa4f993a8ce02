/** What Trellis has told, looked at by request or by what is new. */
import type { Told } from '../../local/story/actors.ts';
import type { LivingMesh } from './living-mesh.ts';

/** The data of the events of a type about a request, of all that was told so far. */
export async function toldOf(living: LivingMesh, type: string, requestId: string): Promise<Record<string, unknown>[]> {
  const told = await living.told();
  return told.filter(event => event.type === type && event.data.requestId === requestId).map(event => event.data);
}

/** The one event of a type about a request. @throws when it was not told, or more than once; says what was told instead. */
export async function theOne(living: LivingMesh, type: string, requestId: string): Promise<Told> {
  const about = (await living.told()).filter(event => event.data.requestId === requestId);
  const found = about.filter(event => event.type === type);
  if (found.length === 1 && found[0]) return found[0];
  const heard = about.map(event => `${event.type} ${JSON.stringify(event.data)}`).join('\n  ') || 'nothing';
  throw new Error(`${type} of ${requestId} was told ${found.length} times, not once. About it was told:\n  ${heard}`);
}

/** Gives at each call what was told since the call before (the first: since this was made): of each event its type and its reasons. */
export async function newsOf(living: LivingMesh): Promise<() => Promise<{ type: string; reasons: string }[]>> {
  let heard = (await living.told()).length;
  return async () => {
    const told = await living.told();
    const news = told.slice(heard);
    heard = told.length;
    return news.map(({ type, data }) => ({ type, reasons: ((data.reasons as string[] | undefined) ?? []).join('\n') }));
  };
}
