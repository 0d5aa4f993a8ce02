/** Objects as files under the folders that stand for S3. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { DataFiles } from '../athena/data-files.ts';
import { AwsError, notInLocalMesh } from '../core/aws-error.ts';

export interface ObjectFacts {
  key: string;
  size: number;
  /** Milliseconds since 1970. */
  modifiedAt: number;
  /** In quotes. */
  etag: string;
  /** As they came with it: `content-type`, `x-amz-meta-…`. */
  headers: Record<string, string>;
}

/** What a file does not say of itself; true for as long as the file is the one that was put. */
interface Put {
  facts: ObjectFacts;
  mtimeMs: number;
}

/** Bytes. Source: S3 User Guide, "Naming Amazon S3 objects". */
const LONGEST_KEY = 1024;
/** Bytes, of most file systems. */
const LONGEST_FILE_NAME = 255;

/**
 * Simplifications: a key is the path of a file (no empty, `.` or `..` parts, no part of more than 255 bytes), and none is the folder of another's; the ETag of
 * a file that was laid there without S3 is made of its size and time.
 */
export class ObjectFiles {
  readonly #files: DataFiles;
  readonly #puts = new Map<string, Put>();

  constructor(files: DataFiles) {
    this.#files = files;
  }

  /** The bucket's folder, whether it is there or not. */
  folder(bucket: string): string {
    return this.#files.folderOf(`s3://${bucket}`);
  }

  /** Undefined where there is no object. */
  facts(bucket: string, key: string): ObjectFacts | undefined {
    const path = this.#path(bucket, key);
    const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    if (path === undefined || !stat?.isFile()) return undefined;
    const put = this.#puts.get(path);
    if (put?.mtimeMs === stat.mtimeMs && put.facts.size === stat.size) return put.facts;
    return {
      key,
      size: stat.size,
      modifiedAt: stat.mtimeMs,
      // With a count of parts, as where it is not the MD5 of the bytes.
      etag: `"${createHash('md5').update(`${stat.size} ${stat.mtimeMs}`).digest('hex')}-1"`,
      headers: { 'content-type': 'binary/octet-stream' },
    };
  }

  /** The bytes of an object that is there. */
  read(bucket: string, key: string): Promise<Buffer> {
    return readFile(this.#path(bucket, key)!);
  }

  /** Writes the object whole: a query sees the old one or the new one. Throws for a key that cannot be a file here. */
  async put(bucket: string, key: string, body: Buffer, facts: Pick<ObjectFacts, 'headers' | 'modifiedAt'>) {
    const path = this.#path(bucket, key);
    if (path === undefined) throw notInLocalMesh(`keys that are no path of a file ('${key}')`);
    // Beside the buckets: no bucket's name begins with a dot.
    const uploads = join(dirname(this.folder(bucket)), '.uploads');
    const draft = join(uploads, randomUUID());
    await mkdir(uploads, { recursive: true });
    await writeFile(draft, body);
    try {
      // Both at once, so that no delete takes the folder away in between.
      mkdirSync(dirname(path), { recursive: true });
      renameSync(draft, path);
    } catch (cause) {
      rmSync(draft, { force: true });
      const code = (cause as NodeJS.ErrnoException).code ?? '';
      if (!['EEXIST', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY'].includes(code)) throw cause;
      throw notInLocalMesh(`a key that is the folder of another ('${key}')`);
    }
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const headers = { 'content-type': 'binary/octet-stream', ...facts.headers };
    const put = { key, size: body.length, etag, headers, modifiedAt: facts.modifiedAt };
    this.#puts.set(path, { facts: put, mtimeMs: statSync(path).mtimeMs });
    return put;
  }

  /** Removes the object, if there is one, and the folders that it alone was in. */
  delete(bucket: string, key: string): void {
    const path = this.#path(bucket, key);
    if (path === undefined || !this.facts(bucket, key)) return;
    rmSync(path);
    this.#puts.delete(path);
    const top = this.folder(bucket);
    for (let folder = dirname(path); folder !== top && readdirSync(folder).length === 0; folder = dirname(folder))
      rmdirSync(folder);
  }

  /** The keys that begin with the prefix, in the order of their UTF-8 bytes, as S3 lists them. */
  keys(bucket: string, prefix: string): string[] {
    const top = this.folder(bucket);
    // Only the folder that the prefix leads into, where it leads to one.
    const folder = this.#path(bucket, prefix.slice(0, prefix.lastIndexOf('/'))) ?? top;
    return filesUnder(folder)
      .map(path => relative(top, path).split(sep).join('/'))
      .filter(key => key.startsWith(prefix))
      .sort(byBytes);
  }

  /** Throws KeyTooLongError. Undefined for a key that can be no file's. */
  #path(bucket: string, key: string): string | undefined {
    if (Buffer.byteLength(key) > LONGEST_KEY) throw new AwsError('KeyTooLongError', 'Your key is too long');
    const isName = (part: string) => !['', '.', '..'].includes(part) && Buffer.byteLength(part) <= LONGEST_FILE_NAME;
    if (/[\0\\]/.test(key) || !key.split('/').every(isName)) return undefined;
    return join(this.folder(bucket), ...key.split('/'));
  }
}

/** Whether `a` comes before `b`, as `sort` asks. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function filesUnder(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name));
}
