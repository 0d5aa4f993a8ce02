import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Envelope } from '../../../events/envelope.ts';

const folder = join(import.meta.dirname, '../../../events/samples');

export const sampleFiles = readdirSync(folder).sort();

/** A golden sample by the event's detail type. */
export function sampleOf(detailType: string): Envelope {
  return JSON.parse(readFileSync(join(folder, fileOf(detailType)), 'utf8'));
}

export function fileOf(detailType: string): string {
  return `${detailType.toLowerCase().replaceAll(' ', '-')}.json`;
}
