/** Why something of SQL is not in a row filter, and what to write instead. */
export interface Explained {
  reason: string;
  hint: string;
}

const QUERY: Explained = { reason: 'a row filter is a condition, not a query', hint: 'write what stands after WHERE' };
const STATEMENT: Explained = {
  reason: 'a row filter is a condition, not a statement',
  hint: "write the rows to keep: origin = 'SFO'",
};
const SUBQUERY: Explained = { reason: 'subqueries are not allowed', hint: 'list the constants: IN (1, 2)' };
const PATTERN: Explained = {
  reason: 'regular expressions are not allowed',
  hint: 'LIKE is: % stands for any characters, _ for one',
};

/** Other SQL that people try, by its first word. */
const WORDS: Record<string, Explained> = {
  SELECT: SUBQUERY,
  EXISTS: SUBQUERY,
  ANY: SUBQUERY,
  ALL: SUBQUERY,
  SOME: SUBQUERY,
  CASE: { reason: 'CASE is not allowed', hint: 'write the cases with AND and OR' },
  CAST: { reason: 'casts are not allowed', hint: "compare with a constant of the column's own type" },
  TRY_CAST: { reason: 'casts are not allowed', hint: "compare with a constant of the column's own type" },
  ESCAPE: {
    reason: 'LIKE has no ESCAPE here: % and _ always stand for other characters',
    hint: '_ also stands for itself: leave the escape away, and other characters in its place are found too',
  },
  ILIKE: { reason: 'ILIKE is not allowed', hint: 'LIKE, which minds case, is' },
  RLIKE: PATTERN,
  REGEXP: PATTERN,
  REGEXP_LIKE: PATTERN,
  SIMILAR: PATTERN,
  COLLATE: {
    reason: 'collations are not allowed: text is compared as it is, case included',
    hint: "list the spellings: IN ('a', 'A')",
  },
  NAN: { reason: 'there is no constant for what is no number', hint: 'compare with a number' },
  INFINITY: { reason: 'there is no constant for infinity', hint: 'compare with a large number' },
  ISNULL: { reason: 'ISNULL is not allowed', hint: 'write IS NULL' },
  NOTNULL: { reason: 'NOTNULL is not allowed', hint: 'write IS NOT NULL' },
  XOR: { reason: 'XOR is not allowed', hint: 'write the cases with AND, OR and NOT' },
  WHERE: { reason: 'a row filter is a condition alone', hint: 'leave WHERE away' },
  FROM: QUERY,
  GROUP: QUERY,
  HAVING: QUERY,
  ORDER: QUERY,
  LIMIT: QUERY,
  OFFSET: QUERY,
  FETCH: QUERY,
  JOIN: QUERY,
  UNION: QUERY,
  INTERSECT: QUERY,
  EXCEPT: QUERY,
  WITH: QUERY,
  INSERT: STATEMENT,
  UPDATE: STATEMENT,
  DELETE: STATEMENT,
  DROP: STATEMENT,
  CREATE: STATEMENT,
  ALTER: STATEMENT,
  GRANT: STATEMENT,
};

export function explainWord(word: string): Explained | undefined {
  return Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
}

/** What follows IS, other than [NOT] NULL. */
export function explainIs(word: string, column: string, isNegated: boolean): Explained | undefined {
  const not = isNegated ? 'NOT ' : '';
  switch (word) {
    case 'TRUE':
    case 'FALSE':
      return {
        reason: `IS ${not}${word} is not allowed`,
        hint: isNegated ? `write ${column} <> ${word} OR ${column} IS NULL` : `write ${column} = ${word}`,
      };
    case 'MISSING':
    case 'UNKNOWN':
      return { reason: `IS ${not}${word} is not allowed`, hint: `write ${column} IS ${not}NULL` };
    case 'DISTINCT':
      return {
        reason: `IS ${not}DISTINCT FROM is not allowed`,
        hint: isNegated ? `write ${column} = and the constant` : `write <> and the constant, OR ${column} IS NULL`,
      };
    default:
      return undefined;
  }
}

const OF_TIME = new Set(['DATE', 'TIME', 'TIMESTAMP', 'INTERVAL']);

/** A word before a string: `DATE '2020-01-01'`, `E'\n'`. */
export function explainPrefix(word: string, string: string): Explained {
  if (!OF_TIME.has(word)) return { reason: `a string has no ${word} before it`, hint: `write ${string} alone` };
  return {
    reason: `constants of type ${word} are not allowed: Lake Formation filters no dates and times`,
    hint: 'filter by a column that says the time as a number or a text, such as a partition key',
  };
}
