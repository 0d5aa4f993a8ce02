/** IP address literals as numbers, for EventBridge's `cidr` and for exact values that are addresses. */

interface IpAddress {
  bits: 32 | 128;
  value: bigint;
}

const LOOKS_LIKE_V4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;
const LOOKS_LIKE_V6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;

/** Undefined for anything that is not a literal IPv4 or IPv6 address. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > 45) return undefined;
  if (LOOKS_LIKE_V4.test(text)) return parseV4(text);
  if (LOOKS_LIKE_V6.test(text)) return parseV6(text);
  return undefined;
}

function parseV4(text: string): IpAddress | undefined {
  let value = 0n;
  for (const part of text.split('.')) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = (value << 8n) | BigInt(byte);
  }
  return { bits: 32, value };
}

function parseV6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = groupsOf(halves[0]!);
  const right = groupsOf(halves[1] ?? '');
  if (!left || !right) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const group of [...left, ...new Array<number>(missing).fill(0), ...right])
    value = (value << 16n) | BigInt(group);
  return { bits: 128, value };
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (groups.some(group => group.length === 0 || group.length > 4)) return undefined;
  return groups.map(group => Number.parseInt(group, 16));
}

/**
 * Makes a test for membership in a CIDR block. Throws an Error whose message is Event Ruler's (aws/event-ruler, CIDR.java).
 * A mask of all bits (/32, /128) is refused there too.
 */
export function cidrBlock(cidr: string): (address: string) => boolean {
  const parts = cidr.split('/');
  if (parts.length !== 2) throw new Error("Malformed CIDR, one '/' required");
  const [base, mask] = parts as [string, string];
  if (!/^[-+]?\d+$/.test(mask)) throw new Error('Malformed CIDR, mask bits must be an integer');
  const maskBits = Number(mask);
  if (maskBits < 0) throw new Error('Malformed CIDR, mask bits must not be negative');
  const network = parseIpAddress(base);
  if (!network) throw new Error(`Nonstandard IP address: ${base}`);
  if (network.bits === 32 && maskBits > 31) throw new Error('IPv4 mask bits must be < 32');
  if (network.bits === 128 && maskBits > 127) throw new Error('IPv6 mask bits must be < 128');
  const hostBits = BigInt(network.bits - maskBits);
  const prefix = network.value >> hostBits;
  return address => {
    const parsed = parseIpAddress(address);
    return parsed !== undefined && parsed.bits === network.bits && parsed.value >> hostBits === prefix;
  };
}
