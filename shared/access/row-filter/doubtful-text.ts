/** Why a text in quotes could be taken for another one, and what to write instead. */
export interface Doubt {
  reason: string;
  hint: string;
}

/** Controls, formats (zero-width, writing direction), halves of characters, what has no glyph of its own, and the blank of Braille. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const OTHER_BLANK = /(?! )\p{Zs}/u;
const WORD = /[\p{L}\p{M}]+/gu;
const LATIN = /\p{Script=Latin}/u;
/** Letters that pass for Latin ones beside Latin ones. Of Greek only those that do: units such as kΩ are words too. */
const LOOKALIKE =
  /[\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορυχϲϳ]/u;

/**
 * A steward decides on what can be seen, and every engine reads the text that Lake Formation hands it by its own rules: a text that looks like
 * another, or that two engines read differently, is none to decide on. `country <> 'Nоrway'` with a Cyrillic о would keep Norway's rows.
 * A whole word in letters of another alphabet is left alone: it may be meant.
 */
export function doubtAbout(text: string): Doubt | undefined {
  const unseen = UNSEEN.exec(text)?.[0];
  if (unseen !== undefined) {
    return {
      reason: `the quoted text has a character that cannot be seen (${codeOf(unseen)})`,
      hint: 'LIKE with _ in its place finds it, and any other one character',
    };
  }
  const blank = OTHER_BLANK.exec(text)?.[0];
  if (blank !== undefined) {
    return {
      reason: `the quoted text has a blank that is not the plain one (${codeOf(blank)})`,
      hint: 'write a plain blank; LIKE with _ in its place finds any',
    };
  }
  if (text.normalize('NFC') !== text) {
    return {
      reason: 'the quoted text has letters put together from parts, which look like other letters',
      hint: `write it in Unicode's composed form (NFC): ${text.normalize('NFC')}`,
    };
  }
  for (const [word] of text.matchAll(WORD)) {
    const lookalike = LATIN.test(word) ? LOOKALIKE.exec(word)?.[0] : undefined;
    if (lookalike === undefined) continue;
    return {
      reason: `the word ${word} has ${lookalike} (${codeOf(lookalike)}) among Latin letters, which passes for one of them`,
      hint: 'write a word in letters of one alphabet',
    };
  }
  return undefined;
}

/**
 * Spark and Redshift take a backslash for the start of an escape, in strings and again in patterns; Athena takes it for itself. Lake Formation
 * hands its engines the expression as text (Glue API reference, GetUnfilteredTableMetadata, `RowFilter`).
 * Sources: Spark SQL reference, "Literals" and "LIKE Predicate"; Redshift Database Developer Guide, "LIKE"; Trino documentation, "Comparison functions and operators".
 */
export function doubtAboutString(text: string): Doubt | undefined {
  if (!text.includes('\\')) return doubtAbout(text);
  return {
    reason: 'the string has a backslash, which some engines take for the start of an escape and others for itself',
    hint: 'LIKE with _ in its place finds it, and any other one character',
  };
}

/** `U+00A0`. */
export function codeOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}
