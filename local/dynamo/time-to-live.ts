import type { Item } from './dynalite.ts';

/** An item that has been expired for longer is kept. Source: "Using time to live (TTL) in DynamoDB", DynamoDB Developer Guide. */
const TOO_OLD_SECONDS = 5 * 365 * 86_400;

/** When which item expires, so that a sweep looks at expired items alone. Kept up with every write. */
export class TimeToLive {
  readonly #tables = new Map<string, { attribute: string; expiries: Map<string, number> }>();

  attribute(table: string): string | undefined {
    return this.#tables.get(table)?.attribute;
  }

  get isInUse(): boolean {
    return this.#tables.size > 0;
  }

  enable(table: string, attribute: string): void {
    this.#tables.set(table, { attribute, expiries: new Map() });
  }

  disable(table: string): void {
    this.#tables.delete(table);
  }

  /** An item was written, or deleted (undefined). `key` is dynalite's. */
  note(table: string, key: string, item: Item | undefined): void {
    const known = this.#tables.get(table);
    if (!known) return;
    const seconds = Number(item?.[known.attribute]?.N);
    if (Number.isFinite(seconds)) known.expiries.set(key, seconds);
    else known.expiries.delete(key);
  }

  /** @param now seconds since 1970 */
  isExpired(table: string, key: string, now: number): boolean {
    const seconds = this.#tables.get(table)?.expiries.get(key);
    return seconds !== undefined && seconds <= now && seconds > now - TOO_OLD_SECONDS;
  }

  /** @param now seconds since 1970 */
  expired(now: number): { table: string; key: string }[] {
    return [...this.#tables].flatMap(([table, { expiries }]) =>
      [...expiries.keys()].filter(key => this.isExpired(table, key, now)).map(key => ({ table, key })),
    );
  }
}
