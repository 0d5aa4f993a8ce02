import { readdirSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

/** Where the mesh keeps what S3 would: local folders under one root. */
export interface DataFiles {
  /** The local folder of an `s3://bucket/prefix` location. Throws for anything else, and for a location that leads out of its bucket. */
  folderOf(s3Uri: string): string;
  /** The data files at or under a location, sorted, as absolute paths. Empty when there are none. */
  files(s3Uri: string): string[];
}

/** A mesh's data files under `root`: `s3://bucket/a/b` is `root/bucket/a/b`. */
export function createDataFiles(root: string): DataFiles {
  const home = resolve(root);

  function folderOf(s3Uri: string): string {
    const [, bucket, key = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(s3Uri) ?? [];
    if (!bucket) throw new Error(`Not an S3 location: ${s3Uri}`);
    const bucketFolder = join(home, bucket);
    const folder = resolve(bucketFolder, `./${key}`);
    const isInside = folder === bucketFolder || folder.startsWith(bucketFolder + sep);
    // A bucket's name has dots but no slash, so `..` is the only one that leads out of the root.
    if (!isInside || bucket.includes('..') || key.includes('\0')) throw new Error(`Not an S3 location: ${s3Uri}`);
    return folder;
  }

  return { folderOf, files: s3Uri => dataFilesUnder(folderOf(s3Uri)) };
}

function dataFilesUnder(folder: string): string[] {
  try {
    return (
      readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name))
        // Athena takes names that begin with an underscore or a dot for hidden. Source: Athena User Guide, "Considerations and limitations".
        .filter(path => !/^[._]/.test(path.slice(path.lastIndexOf(sep) + 1)))
        .sort()
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}
