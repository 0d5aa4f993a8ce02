/**
 * The names of the files in a zip archive, from its central directory.
 * Source: PKWARE APPNOTE.TXT 6.3.10, 4.3.12 (central directory header) and 4.3.16 (end of central directory record). Without ZIP64: archives of functions are small.
 */
export function zipNames(archive: Buffer): string[] {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'));
  if (end < 0) throw new Error('This is no zip archive.');
  const names: string[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset => archive.readUInt16LE(at + offset));
    names.push(archive.toString('utf8', at + 46, at + 46 + nameLength!));
    at += 46 + nameLength! + extraLength! + commentLength!;
  }
  return names;
}
