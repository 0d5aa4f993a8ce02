/** The words of a row filter expression. */

/** A row filter that the grammar does not have, or that does not fit its table. */
export class RowFilterError extends Error {
  override name = 'RowFilterError';
}

export interface Token {
  kind: 'name' | 'keyword' | 'string' | 'number' | 'symbol';
  /** As it was written. */
  text: string;
  /** A name in lower case, a keyword in upper case, a string without its quotes. */
  value: string;
  /** Characters from the start. */
  at: number;
}

/**
 * PartiQL's reserved words, SQL-92's and its own. Source: PartiQL specification, appendix "Reserved words".
 * Without those that name parts of a date (YEAR, MONTH, DAY, ...): the Developer Guide's own examples have `year > 2010` unquoted.
 */
const RESERVED = new Set(
  `ABSOLUTE ACTION ADD ALL ALLOCATE ALTER AND ANY ARE AS ASC ASSERTION AT AUTHORIZATION AVG BAG BEGIN BETWEEN BIT
  BIT_LENGTH BLOB BOOL BOOLEAN BOTH BY CASCADE CASCADED CASE CAST CATALOG CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH
  CHECK CLOB CLOSE COALESCE COLLATE COLLATION COLUMN COMMIT CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTINUE CONVERT
  CORRESPONDING COUNT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE
  DEALLOCATE DEC DECIMAL DECLARE DEFAULT DEFERRABLE DEFERRED DELETE DESC DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT
  DISTINCT DOMAIN DOUBLE DROP ELSE END ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXISTS EXTERNAL EXTRACT FALSE FETCH FIRST
  FLOAT FOR FOREIGN FOUND FROM FULL GET GLOBAL GO GOTO GRANT GROUP HAVING IDENTITY IMMEDIATE IN INDEX INDICATOR
  INITIALLY INNER INPUT INSENSITIVE INSERT INT INTEGER INTERSECT INTERVAL INTO IS ISOLATION JOIN KEY LANGUAGE LAST LEFT
  LEVEL LIKE LIMIT LIST LOCAL LOWER MATCH MAX MIN MISSING MODULE NAMES NATIONAL NATURAL NCHAR NEXT NO NOT NULL NULLIF
  NUMERIC OCTET_LENGTH OF ON ONLY OPEN OPTION OR ORDER OUTER OUTPUT OVERLAPS PAD PARTIAL PIVOT POSITION PRECISION
  PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC READ REAL REFERENCES RELATIVE RESTRICT REVOKE RIGHT
  ROLLBACK ROWS SCHEMA SCROLL SECTION SELECT SESSION SESSION_USER SET SEXP SIZE SMALLINT SOME SPACE SQL SQLCODE SQLERROR
  SQLSTATE STRING STRUCT SUBSTRING SUM SYMBOL SYSTEM_USER TABLE TEMPORARY THEN TIME TIMESTAMP TO TRANSACTION TRANSLATE
  TRANSLATION TRIM TRUE TUPLE UNION UNIQUE UNKNOWN UNPIVOT UPDATE UPPER USAGE USER USING VALUE VALUES VARCHAR VARYING
  VIEW WHEN WHENEVER WHERE WITH WORK WRITE`.split(/\s+/),
);

const TOKEN =
  /\s+|(?<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|(?<word>[A-Za-z_][\w$]*)|"(?<quoted>(?:[^"]|"")+)"|'(?<string>(?:[^']|'')*)'|(?<symbol><=|>=|<>|!=|[=<>(),.])/y;

/** Throws RowFilterError at the first character that begins no word of the grammar. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text);
    if (!match) throw new RowFilterError(`cannot read '${text.slice(at, at + 12)}' at ${at}`);
    const { number, word, quoted, string, symbol } = match.groups!;
    const written = { text: match[0], at };
    if (number !== undefined) tokens.push({ kind: 'number', value: number, ...written });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', value: symbol, ...written });
    else if (string !== undefined) tokens.push({ kind: 'string', value: string.replaceAll("''", "'"), ...written });
    // The catalog's names are lower-case, whatever their quotes.
    else if (quoted !== undefined) {
      tokens.push({ kind: 'name', value: quoted.replaceAll('""', '"').toLowerCase(), ...written });
    } else if (word !== undefined) {
      const upper = word.toUpperCase();
      if (RESERVED.has(upper)) tokens.push({ kind: 'keyword', value: upper, ...written });
      else tokens.push({ kind: 'name', value: word.toLowerCase(), ...written });
    }
  }
  return tokens;
}
