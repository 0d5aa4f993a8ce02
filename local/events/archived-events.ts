/** What an archive keeps: events as JSON text, in blocks that are compressed when they are full. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface ArchivedEvent {
  text: string;
  /** The event's time, milliseconds since 1970. */
  time: number;
}

interface Entry extends ArchivedEvent {
  storedAt: number;
  size: number;
}

interface Block {
  data: Uint8Array;
  entries: Omit<Entry, 'text'>[];
  /** How many of the first entries are past their retention. */
  expired: number;
}

const EVENTS_IN_BLOCK = 256;
/** Blocks held uncompressed while a replay reads minute by minute. */
const CACHED_BLOCKS = 16;
/** Raw control characters cannot occur in JSON text. */
const SEPARATOR = '\u0000';
const MINUTE = 60_000;

export class ArchivedEvents {
  #blocks: Block[] = [];
  #open: Entry[] = [];
  #count = 0;
  #bytes = 0;
  #inflated = new Map<Block, string[]>();

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(text: string, time: number, storedAt: number): void {
    const size = Buffer.byteLength(text);
    this.#open.push({ text, time, storedAt, size });
    this.#count++;
    this.#bytes += size;
    if (this.#open.length === EVENTS_IN_BLOCK) this.#close();
  }

  /** Forgets what was stored at `instant` or before. Entries are in the order of storing. */
  expire(instant: number): void {
    const oldest = this.#blocks[0]?.entries[this.#blocks[0].expired] ?? this.#open[0];
    if (!oldest || oldest.storedAt > instant) return;
    for (const block of this.#blocks) {
      let entry = block.entries[block.expired];
      while (entry && entry.storedAt <= instant) {
        this.#forget(entry);
        entry = block.entries[++block.expired];
      }
      if (entry) break;
    }
    this.#blocks = this.#blocks.filter(block => block.expired < block.entries.length);
    const kept = this.#open.findIndex(entry => entry.storedAt > instant);
    for (const entry of this.#open.splice(0, kept < 0 ? this.#open.length : kept)) this.#forget(entry);
  }

  /** The minutes (their first millisecond, ascending) that have events with a time in [start, end). */
  minutes(start: number, end: number): number[] {
    const minutes = new Set<number>();
    for (const { entry } of this.#entries(start, end)) minutes.add(Math.floor(entry.time / MINUTE) * MINUTE);
    return [...minutes].sort((a, b) => a - b);
  }

  /** The events of a minute whose time is in [start, end). */
  ofMinute(minute: number, start: number, end: number): ArchivedEvent[] {
    const events: ArchivedEvent[] = [];
    for (const { entry, text } of this.#entries(Math.max(start, minute), Math.min(end, minute + MINUTE))) {
      events.push({ text: text(), time: entry.time });
    }
    return events;
  }

  *#entries(start: number, end: number): Generator<{ entry: Omit<Entry, 'text'>; text: () => string }> {
    for (const block of this.#blocks) {
      for (let at = block.expired; at < block.entries.length; at++) {
        const entry = block.entries[at]!;
        if (entry.time >= start && entry.time < end) yield { entry, text: () => this.#texts(block)[at]! };
      }
    }
    for (const entry of this.#open) {
      if (entry.time >= start && entry.time < end) yield { entry, text: () => entry.text };
    }
  }

  #texts(block: Block): string[] {
    const known = this.#inflated.get(block);
    if (known) return known;
    const texts = inflateRawSync(block.data).toString().split(SEPARATOR);
    if (this.#inflated.size === CACHED_BLOCKS) this.#inflated.delete(this.#inflated.keys().next().value!);
    this.#inflated.set(block, texts);
    return texts;
  }

  /** To be called when a replay has read what it wanted. */
  dropCache(): void {
    this.#inflated.clear();
  }

  #close(): void {
    const text = this.#open.map(entry => entry.text).join(SEPARATOR);
    this.#blocks.push({
      // A copy: zlib's own buffer keeps its whole 16 KB of working space.
      data: new Uint8Array(deflateRawSync(text, { level: 1 })),
      entries: this.#open.map(({ time, storedAt, size }) => ({ time, storedAt, size })),
      expired: 0,
    });
    this.#open = [];
  }

  #forget(entry: Omit<Entry, 'text'>): void {
    this.#count--;
    this.#bytes -= entry.size;
  }
}
