/** As much XML as AWS's APIs speak: elements and text. */
import { AwsError } from '../core/aws-error.ts';
import type { Wire } from '../core/service.ts';

export interface XmlElement {
  name: string;
  text: string;
  children: XmlElement[];
}

export function escapeXml(text: string): string {
  // A carriage return that is not escaped is read as a line feed; other control characters are no XML 1.0, and clients take their escapes.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that need it.
  return text.replace(/[<>&"'\u0000-\u0008\u000b-\u001f]/g, found => `&#${found.charCodeAt(0)};`);
}

/** The members of an object as elements, each entry of a list under the list's own name; what is undefined is left out. */
export function xmlElements(value: Wire): string {
  if (typeof value !== 'object' || value === null) return escapeXml(String(value));
  return Object.entries(value)
    .flatMap(([name, member]) => [member].flat().map(item => ({ name, item })))
    .filter(({ item }) => item !== undefined)
    .map(({ name, item }) => `<${name}>${xmlElements(item)}</${name}>`)
    .join('');
}

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)(?:\s[^<>]*?)?(\/?)>|([^<]+)/y;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Reads a document, without its attributes. Throws MalformedXML; documents with a type or CDATA are none that an SDK writes. */
export function readXml(text: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text);
    if (!token) throw malformedXml();
    const [, closing, name, selfClosing, plain] = token;
    const current = open.at(-1)!;
    if (plain !== undefined) current.text += plain.replace(/&(#x?)?(\w+);/g, readEntity);
    if (name === undefined) continue;
    if (closing) {
      if (current.name !== name || open.length === 1) throw malformedXml();
      open.pop();
      continue;
    }
    const element: XmlElement = { name, text: '', children: [] };
    current.children.push(element);
    if (!selfClosing) open.push(element);
  }
  const [root, ...others] = document.children;
  if (!root || others.length > 0 || open.length > 1 || document.text.trim() !== '') throw malformedXml();
  return root;
}

export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

function readEntity(_found: string, number: string | undefined, name: string): string {
  const code = number === '#x' ? Number.parseInt(name, 16) : number === '#' ? Number(name) : undefined;
  if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code);
  const known = number === undefined && Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  if (known === undefined) throw malformedXml();
  return known;
}
