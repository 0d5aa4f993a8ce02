import { describe, expect, it } from 'vitest';
import type { Wire } from '../../../local/core/service.ts';
import { compilePattern } from '../../../local/events/pattern.ts';
import { EventFields, matches } from '../../../local/events/pattern-match.ts';

const test = (pattern: Wire, event: Wire) => matches(compilePattern(JSON.stringify(pattern)), new EventFields(event));

/** The event of Event Ruler's README and of the EventBridge user guide. */
const EC2 = {
  version: '0',
  id: 'ddddd4-aaaa-7777-4444-345dd43cc333',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '012345679012',
  time: '2017-10-02T16:24:49Z',
  region: 'us-east-1',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000'],
  detail: {
    'c-count': 5,
    'd-count': 3,
    'x-limit': 301.8,
    'source-ip': '10.0.0.33',
    'instance-id': 'i-000000aaaaaa00000',
    state: 'running',
  },
};

const EMPLOYEES = {
  detail: {
    employees: [
      { firstName: 'John', lastName: 'Doe' },
      { firstName: 'Anna', lastName: 'Smith' },
      { firstName: 'Peter', lastName: 'Jones' },
    ],
  },
};

const one = (value: Wire, condition: Wire): [Wire, Wire] => [{ a: [condition] }, { a: value }];

const CASES: [name: string, patternAndEvent: [Wire, Wire], expected: boolean][] = [
  // Exact values.
  ['a string', one('x', 'x'), true],
  ['another string', one('y', 'x'), false],
  ['another case of a string', one('X', 'x'), false],
  ['one of several strings', [{ a: ['x', 'y'] }, { a: 'y' }], true],
  ['the empty string', one('', ''), true],
  ['a number', one(5, 5), true],
  ['a number written otherwise', one(301.8, 3.018e2), true],
  ['a number as text', one('5', 5), false],
  ['text as a number', one(5, '5'), false],
  ['true', one(true, true), true],
  ['false for true', one(false, true), false],
  ['text for true', one('true', true), false],
  ['null', one(null, null), true],
  ['null for a missing field', [{ a: [null] }, { b: 1 }], false],
  ['null for an empty array', one([], null), false],
  ['an address spelled otherwise', one('0:0:0:0:0:0:0:1', '::1'), true],
  ['a field that is missing', [{ a: ['x'] }, {}], false],
  ['a field in another case', [{ A: ['x'] }, { a: 'x' }], false],
  [
    'all of several fields',
    [
      { a: ['x'], b: ['y'] },
      { a: 'x', b: 'y' },
    ],
    true,
  ],
  [
    'only one of several fields',
    [
      { a: ['x'], b: ['y'] },
      { a: 'x', b: 'z' },
    ],
    false,
  ],
  ['the envelope and the detail', [{ source: ['aws.ec2'], detail: { state: ['initializing', 'running'] } }, EC2], true],
  ['an object where a value is wanted', one({ b: 'x' }, 'x'), false],
  ['a value where an object is wanted', [{ a: { b: ['x'] } }, { a: 'x' }], false],
  ['names joined by a dot in the pattern', [{ 'a.b': ['x'] }, { a: { b: 'x' } }], true],
  ['names joined by a dot in the event', [{ a: { b: ['x'] } }, { 'a.b': 'x' }], true],
  ['a joined name with one step too many', [{ 'a.b': { b: ['x'] } }, { a: { b: 'x' } }], false],
  ['a name from the prototype', [{ toString: ['x'] }, {}], false],
  // Prefix and suffix.
  ['prefix', [{ time: [{ prefix: '2017-10-02' }] }, EC2], true],
  ['another prefix', [{ time: [{ prefix: '2017-10-03' }] }, EC2], false],
  ['prefix of a number', one(123, { prefix: '12' }), false],
  ['the empty prefix', one('x', { prefix: '' }), true],
  ['prefix in another case', one('EventBridge', { prefix: 'eventb' }), false],
  ['prefix ignoring case', one('EVENTBridge', { prefix: { 'equals-ignore-case': 'eventb' } }), true],
  ['another prefix ignoring case', one('bridge', { prefix: { 'equals-ignore-case': 'eventb' } }), false],
  ['suffix', one('a.png', { suffix: '.png' }), true],
  ['another suffix', one('a.jpg', { suffix: '.png' }), false],
  ['suffix ignoring case', one('a.PNG', { suffix: { 'equals-ignore-case': '.png' } }), true],
  ['another suffix ignoring case', one('a.PNG2', { suffix: { 'equals-ignore-case': '.png' } }), false],
  ['equals-ignore-case', one('ALICE', { 'equals-ignore-case': 'alice' }), true],
  ['another text ignoring case', one('alicia', { 'equals-ignore-case': 'alice' }), false],
  ['exactly', one('x', { exactly: 'x' }), true],
  // Wildcards.
  ['wildcard in the middle', one('dir/sub/file.png', { wildcard: 'dir/*.png' }), true],
  ['wildcard that must leave the end', one('dir/file.jpg', { wildcard: 'dir/*.png' }), false],
  ['wildcard for nothing', one('dir/.png', { wildcard: 'dir/*.png' }), true],
  ['wildcard with overlapping ends', one('aba', { wildcard: 'ab*ba' }), false],
  ['several wildcards', one('/users/ann/lib/x', { wildcard: '*/lib/*' }), true],
  ['several wildcards in the wrong order', one('b-a', { wildcard: '*a*b*' }), false],
  ['several wildcards that share no character', one('xaby', { wildcard: 'x*ab*aby' }), false],
  ['an escaped asterisk', one('a*b', { wildcard: 'a\\*b' }), true],
  ['an escaped asterisk for another character', one('axb', { wildcard: 'a\\*b' }), false],
  ['an escaped backslash', one('a\\b', { wildcard: 'a\\\\*' }), true],
  ['a wildcard alone', one('anything', { wildcard: '*' }), true],
  ['a wildcard for a number', one(5, { wildcard: '*' }), false],
  ['a wildcard pattern without one', one('x', { wildcard: 'x' }), true],
  // Anything-but.
  ['anything-but', [{ detail: { state: [{ 'anything-but': 'initializing' }] } }, EC2], true],
  ['anything-but the value', [{ detail: { state: [{ 'anything-but': 'running' }] } }, EC2], false],
  ['anything-but a number', [{ detail: { 'x-limit': [{ 'anything-but': 123 }] } }, EC2], true],
  ['anything-but that number', [{ detail: { 'x-limit': [{ 'anything-but': 301.8 }] } }, EC2], false],
  ['anything-but zero', one(0, { 'anything-but': 0 }), false],
  ['anything-but a list', [{ detail: { state: [{ 'anything-but': ['stopped', 'overloaded'] }] } }, EC2], true],
  [
    'anything-but a list that has it',
    [{ detail: { state: [{ 'anything-but': ['stopped', 'running'] }] } }, EC2],
    false,
  ],
  ['anything-but numbers', [{ detail: { 'x-limit': [{ 'anything-but': [100, 200, 300] }] } }, EC2], true],
  ['anything-but a text, for null', one(null, { 'anything-but': 'x' }), true],
  ['anything-but a text, for a number', one(1, { 'anything-but': 'x' }), true],
  ['anything-but, for a missing field', [{ a: [{ 'anything-but': 'x' }] }, {}], false],
  ['anything-but, for an array with another value', one(['x', 'y'], { 'anything-but': 'x' }), true],
  ['anything-but, for an array of it', one(['x', 'x'], { 'anything-but': 'x' }), false],
  ['anything-but prefix', [{ detail: { state: [{ 'anything-but': { prefix: 'init' } }] } }, EC2], true],
  ['anything-but that prefix', [{ detail: { state: [{ 'anything-but': { prefix: 'run' } }] } }, EC2], false],
  ['anything-but prefix, for a number', one(12, { 'anything-but': { prefix: '1' } }), true],
  ['anything-but prefixes', one('stop', { 'anything-but': { prefix: ['run', 'init'] } }), true],
  ['anything-but one of the prefixes', one('initial', { 'anything-but': { prefix: ['run', 'init'] } }), false],
  ['anything-but suffix', one('a.txt', { 'anything-but': { suffix: '.png' } }), true],
  ['anything-but those suffixes', one('a.rtf', { 'anything-but': { suffix: ['.txt', '.rtf'] } }), false],
  [
    'anything-but ignoring case',
    one('INITIALIZING', { 'anything-but': { 'equals-ignore-case': 'initializing' } }),
    false,
  ],
  [
    'anything-but a list ignoring case',
    one('running', { 'anything-but': { 'equals-ignore-case': ['initializing', 'stopped'] } }),
    true,
  ],
  ['anything-but wildcard', one('/usr/bin/x', { 'anything-but': { wildcard: '*/lib/*' } }), true],
  ['anything-but those wildcards', one('/usr/lib/x', { 'anything-but': { wildcard: ['*/bin/*', '*/lib/*'] } }), false],
  // Numbers.
  ['numeric range', [{ detail: { 'c-count': [{ numeric: ['>', 0, '<=', 5] }] } }, EC2], true],
  ['numeric range open at its top', one(5, { numeric: ['>', 0, '<', 5] }), false],
  ['numeric range open at its bottom', one(0, { numeric: ['>', 0, '<', 5] }), false],
  ['numeric range closed at its bottom', one(0, { numeric: ['>=', 0, '<', 5] }), true],
  ['numeric below', [{ detail: { 'd-count': [{ numeric: ['<', 10] }] } }, EC2], true],
  ['numeric equal', [{ detail: { 'x-limit': [{ numeric: ['=', 3.018e2] }] } }, EC2], true],
  ['numeric not equal', one(5.000001, { numeric: ['=', 5] }), false],
  ['numeric for text', one('5', { numeric: ['=', 5] }), false],
  ['numeric for a number beyond five billion', one(6e9, { numeric: ['>', 0] }), false],
  ['numeric for a negative number', one(-2, { numeric: ['>=', -5, '<', -1] }), true],
  // Existence.
  ['exists', [{ detail: { state: [{ exists: true }] } }, EC2], true],
  ['exists, for null', one(null, { exists: true }), true],
  ['exists, for a missing field', [{ a: [{ exists: true }] }, {}], false],
  ['exists, for an object, which is no leaf', one({ b: 1 }, { exists: true }), false],
  ['exists, for an empty array', one([], { exists: true }), false],
  ['does not exist', [{ detail: { missing: [{ exists: false }] } }, EC2], true],
  ['does not exist, for a field that does', [{ detail: { state: [{ exists: false }] } }, EC2], false],
  ['does not exist, for an object, which is no leaf', one({ c1: 100 }, { exists: false }), true],
  ['does not exist, below a missing parent', [{ a: { b: { c: [{ exists: false }] } } }, { x: 1 }], true],
  [
    'missing or not a value, missing',
    [{ a: { S: [{ 'anything-but': ['roses'] }, { exists: false }] } }, { b: 1 }],
    true,
  ],
  [
    'missing or not a value, the value',
    [{ a: { S: [{ 'anything-but': ['roses'] }, { exists: false }] } }, { a: { S: 'roses' } }],
    false,
  ],
  // Addresses.
  ['cidr', [{ detail: { 'source-ip': [{ cidr: '10.0.0.0/24' }] } }, EC2], true],
  ['another cidr', [{ detail: { 'source-ip': [{ cidr: '10.0.1.0/24' }] } }, EC2], false],
  ['cidr of everything', one('255.255.255.255', { cidr: '0.0.0.0/0' }), true],
  ['cidr for what is no address', one('ten', { cidr: '10.0.0.0/24' }), false],
  ['cidr v6', one('2001:db8::ff', { cidr: '2001:db8::/120' }), true],
  ['another cidr v6', one('2001:db8::1:0', { cidr: '2001:db8::/120' }), false],
  ['cidr v6 for an address v4', one('0.0.0.1', { cidr: '::/96' }), false],
  // $or.
  ['$or, first', [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: 'x' }], true],
  ['$or, second', [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y' }], true],
  ['$or, none', [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: 'y', b: 'x' }], false],
  ['$or beside a condition that fails', [{ c: ['z'], $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: 'x' }], false],
  [
    '$or in the detail, with ranges',
    [{ detail: { $or: [{ 'c-count': [{ numeric: ['>', 5] }] }, { 'x-limit': [{ numeric: ['=', 301.8] }] }] } }, EC2],
    true,
  ],
  [
    'two $or, both met',
    [
      { $or: [{ a: [1] }, { b: [1] }], detail: { $or: [{ c: [1] }, { d: [1] }] } },
      { b: 1, detail: { c: 1 } },
    ],
    true,
  ],
  [
    'two $or, one met',
    [
      { $or: [{ a: [1] }, { b: [1] }], detail: { $or: [{ c: [1] }, { d: [1] }] } },
      { b: 1, detail: { c: 2 } },
    ],
    false,
  ],
  [
    '$or within an alternative',
    [{ $or: [{ a: [1] }, { b: [1], $or: [{ c: [1] }, { d: [1] }] }] }, { b: 1, d: 1 }],
    true,
  ],
  [
    '$or within an alternative, not met',
    [{ $or: [{ a: [1] }, { b: [1], $or: [{ c: [1] }, { d: [1] }] }] }, { b: 1 }],
    false,
  ],
  // Arrays.
  ['one value of an array', [{ resources: EC2.resources }, EC2], true],
  ['arrays with one value in common', [{ a: ['x', 'y'] }, { a: ['y', 'z'] }], true],
  ['arrays with nothing in common', [{ a: ['x', 'y'] }, { a: ['z'] }], false],
  ['a value in an array of arrays', one([['x'], ['y']], 'y'), true],
  ['an object in an array', [{ detail: { employees: { lastName: ['Jones'] } } }, EMPLOYEES], true],
  [
    'two fields of one element',
    [{ detail: { employees: { firstName: ['Anna'], lastName: ['Smith'] } } }, EMPLOYEES],
    true,
  ],
  [
    'two fields of different elements',
    [{ detail: { employees: { firstName: ['Anna'], lastName: ['Jones'] } } }, EMPLOYEES],
    false,
  ],
  [
    'fields of one element, the first candidate failing',
    [
      { a: { b: ['x'], c: ['y'] } },
      {
        a: [
          { b: 'x', c: 'z' },
          { b: 'x', c: 'y' },
        ],
      },
    ],
    true,
  ],
  [
    'conditions on two arrays, each met by an element of its own',
    [
      { a: { x: [1] }, b: { x: [2] } },
      { a: [{ x: 0 }, { x: 1 }], b: [{ x: 2 }, { x: 3 }] },
    ],
    true,
  ],
  [
    'arrays in arrays, met by one inner element',
    [{ a: { b: { c: [1], d: [2] } } }, { a: [{ b: [{ c: 1, d: 3 }] }, { b: [{ c: 9 }, { c: 1, d: 2 }] }] }],
    true,
  ],
  [
    'arrays in arrays, met only across inner elements',
    [{ a: { b: { c: [1], d: [2] } } }, { a: [{ b: [{ c: 1 }, { d: 2 }] }] }],
    false,
  ],
  [
    'an inner array and its outer element',
    [
      { a: { n: [1], b: { c: [2] } } },
      {
        a: [
          { n: 1, b: [{ c: 3 }] },
          { n: 2, b: [{ c: 2 }] },
        ],
      },
    ],
    false,
  ],
  [
    'a field that the chosen element does not have',
    [{ a: { b: ['x'], z: [{ exists: false }] } }, { a: [{ b: 'x' }, { b: 'y', z: 1 }] }],
    true,
  ],
  [
    'a field that the chosen element has',
    [{ a: { b: ['x'], z: [{ exists: false }] } }, { a: [{ b: 'x', z: 1 }, { b: 'y' }] }],
    false,
  ],
];

describe('event patterns', () => {
  it.each(CASES)('%s', (_name, [pattern, event], expected) => {
    expect(test(pattern, event)).toBe(expected);
  });

  it('are compiled once and matched often', () => {
    const pattern = compilePattern(JSON.stringify({ source: ['aws.ec2'], detail: { state: ['running'] } }));
    expect([EC2, { ...EC2, source: 'x' }, EC2].map(event => matches(pattern, new EventFields(event)))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('name the sources that they can match, for an index', () => {
    const sources = (pattern: Wire) => compilePattern(JSON.stringify(pattern)).sources;
    expect(sources({ source: ['a', 'b'] })).toEqual(['a', 'b']);
    expect(sources({ $or: [{ source: ['a'] }, { source: ['b'] }] })).toEqual(['a', 'b']);
    expect(sources({ source: ['a', { prefix: 'b' }] })).toBeUndefined();
    expect(sources({ $or: [{ source: ['a'] }, { detail: { b: [1] } }] })).toBeUndefined();
  });

  it('do not exhaust the stack on an event as deep as JSON allows', () => {
    const depth = 50_000;
    const event = { a: JSON.parse('['.repeat(depth) + ']'.repeat(depth)), b: 'x' };
    expect(test({ b: ['x'], a: [{ exists: false }] }, event)).toBe(true);
  });
});

const REFUSED: [pattern: Wire, reason: string][] = [
  [['not', 'an object'], 'Filter is not an object'],
  ['text', 'Filter is not an object'],
  [null, 'Filter is not an object'],
  [{}, 'Empty objects are not allowed'],
  [{ detail: {} }, 'Empty objects are not allowed'],
  [{ string: 'my-value' }, '"string" must be an object or an array'],
  [{ int: 42 }, '"int" must be an object or an array'],
  [{ a: null }, '"a" must be an object or an array'],
  [{ resources: [] }, 'Empty arrays are not allowed'],
  [{ a: [['x']] }, 'Match value must be String, number, true, false, or null'],
  [{ a: [{}] }, 'Match expression name not found'],
  [{ a: [{ EXISTS: true }] }, 'Unrecognized match type EXISTS'],
  [{ a: [{ regex: 'x' }] }, 'Unrecognized match type regex'],
  [{ a: [{ prefix: 'a', suffix: 'b' }] }, 'Only one key allowed in match expression'],
  [{ a: [{ prefix: 123 }] }, 'prefix match pattern must be a string'],
  [{ a: [{ prefix: ['x'] }] }, 'prefix match pattern must be a string'],
  [{ a: [{ prefix: { wildcard: 'x' } }] }, 'Unsupported prefix pattern: wildcard'],
  [{ a: [{ suffix: 123 }] }, 'suffix match pattern must be a string'],
  [{ a: [{ suffix: { prefix: 'x' } }] }, 'Unsupported suffix pattern: prefix'],
  [{ a: [{ 'equals-ignore-case': ['x'] }] }, 'equals-ignore-case match pattern must be a string'],
  [{ a: [{ exists: 'yes' }] }, 'exists match pattern must be either true or false.'],
  [{ a: [{ wildcard: 123 }] }, 'wildcard match pattern must be a string'],
  [{ a: [{ wildcard: 'arn:aws:events:us-east-1:**:event-bus/*' }] }, 'Consecutive wildcard characters at pos 26'],
  [{ a: [{ wildcard: 'a\\b' }] }, 'Invalid escape character at pos 2'],
  [{ a: [{ wildcard: 'a\\' }] }, 'Invalid escape character at pos 2'],
  [{ a: [{ cidr: 'bad-filter' }] }, "Malformed CIDR, one '/' required"],
  [{ a: [{ cidr: '10.0.0.0/x' }] }, 'Malformed CIDR, mask bits must be an integer'],
  [{ a: [{ cidr: '10.0.0.0/-1' }] }, 'Malformed CIDR, mask bits must not be negative'],
  [{ a: [{ cidr: '10.0.0.0/64' }] }, 'IPv4 mask bits must be < 32'],
  [{ a: [{ cidr: '::/200' }] }, 'IPv6 mask bits must be < 128'],
  [{ a: [{ cidr: '300.0.0.0/8' }] }, 'Nonstandard IP address: 300.0.0.0'],
  [{ a: [{ cidr: '1:2:3/8' }] }, 'Nonstandard IP address: 1:2:3'],
  [{ a: [{ cidr: 5 }] }, 'prefix match pattern must be a string'],
  [{ a: [{ numeric: 5 }] }, 'Value of numeric must be an array.'],
  [{ a: [{ numeric: [5] }] }, 'Invalid member in numeric match: 5'],
  [{ a: [{ numeric: ['!=', 5] }] }, 'Unrecognized numeric range operator: !='],
  [{ a: [{ numeric: ['=', '5'] }] }, 'Value of equals must be numeric'],
  [{ a: [{ numeric: ['>', 0, '<'] }] }, 'Value of < must be numeric'],
  [{ a: [{ numeric: ['>', 0, '>', 0] }] }, 'Bad numeric range operator: >'],
  [{ a: [{ numeric: ['>', 0, 5] }] }, 'Bad value in numeric range: 5'],
  [{ a: [{ numeric: ['<', 5, '>', 0] }] }, 'Too many elements in numeric expression'],
  [{ a: [{ numeric: ['>', 0, '<', 5, '<'] }] }, 'Too many terms in numeric range expression'],
  [{ a: [{ numeric: ['>', 5, '<', 0] }] }, 'Bottom must be less than top'],
  [{ a: [{ numeric: ['=', 6e9] }] }, 'Value must be between -5.0E9 and 5.0E9, inclusive'],
  [{ a: [{ 'anything-but': null }] }, 'Value of anything-but must be an array or single string/number value.'],
  [{ a: [{ 'anything-but': true }] }, 'Value of anything-but must be an array or single string/number value.'],
  [
    { a: [{ 'anything-but': ['x', 1] }] },
    'Inside anything but list, either all values are number or string, mixed type is not supported',
  ],
  [{ a: [{ 'anything-but': [null] }] }, 'Inside anything but list, start|null|boolean is not supported.'],
  [{ a: [{ 'anything-but': {} }] }, 'Anything-But expression name not found'],
  [{ a: [{ 'anything-but': { numeric: ['=', 1] } }] }, 'Unsupported anything-but pattern: numeric'],
  [{ a: [{ 'anything-but': { prefix: 123 } }] }, 'prefix/suffix match pattern must be a string'],
  [{ a: [{ 'anything-but': { prefix: '' } }] }, 'Null prefix/suffix not allowed'],
  [{ a: [{ 'anything-but': { suffix: [123, '.txt'] } }] }, 'prefix/suffix match pattern must be a string'],
  [
    { a: [{ 'anything-but': { prefix: { 'equals-ignore-case': 'file' } } }] },
    'Value of anything-but must be an array or single string/number value.',
  ],
  [
    { a: [{ 'anything-but': { 'equals-ignore-case': 123 } }] },
    'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
  ],
  [{ a: [{ 'anything-but': { wildcard: [123, '*/dir/*'] } }] }, 'wildcard match pattern must be a string'],
  [{ a: [{ 'anything-but': { wildcard: 'a**' } }] }, 'Consecutive wildcard characters at pos 2'],
  [{ $or: { a: ['x'] } }, 'It must be an Array followed with $or.'],
  [{ $or: [{ a: ['x'] }] }, 'There must have at least 2 Objects in $or relationship.'],
  [{ $or: [{ a: ['x'] }, 'b'] }, 'Only JSON object is allowed in array of $or relationship.'],
  [{ $or: [{ a: ['x'] }, { prefix: ['y'] }] }, 'prefix is Ruler reserved fieldName which cannot be used inside $or.'],
];

describe('invalid event patterns', () => {
  it.each(REFUSED)('%j', (pattern, reason) => {
    const compile = () => compilePattern(JSON.stringify(pattern));
    expect(compile).toThrow(expect.objectContaining({ code: 'InvalidEventPatternException', status: 400 }));
    expect(compile).toThrow(`Event pattern is not valid. Reason: ${reason}`);
  });

  it('are refused when they are no JSON', () => {
    expect(() => compilePattern("{'bad': 'quotation'}")).toThrow(/^Event pattern is not valid\. Reason: /);
  });

  it('are refused when their $or multiply beyond bound', () => {
    const $or = Array.from({ length: 11 }, (_, at) => ({ [`n${at}`]: [at] }));
    expect(() => compilePattern(JSON.stringify({ $or, a: { $or }, b: { $or } }))).toThrow(/too complex/);
  });
});
