import type { DataTerm } from "./search-query.ts";

/** A condition with the values of its question marks. */
export interface SqlTerm {
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

/** Several conditions as one; no condition is true. */
export const allOf = (terms: readonly SqlTerm[]): SqlTerm => join(terms, " AND ", "1");

/** One of several conditions. */
export const anyOf = (terms: readonly SqlTerm[]): SqlTerm => join(terms, " OR ", "0");

function join(terms: readonly SqlTerm[], word: string, none: string): SqlTerm {
  if (terms.length === 0) return { sql: none, params: [] };
  return {
    sql: `(${terms.map(({ sql }) => sql).join(word)})`,
    params: terms.flatMap(({ params }) => params),
  };
}

/** Whether a column has a text in it; ASCII letters may be upper or lower case. */
export const contains = (column: string, text: string): SqlTerm => ({
  sql: `${column} LIKE ? ESCAPE '\\'`,
  params: [`%${text.replaceAll(/[\\%_]/g, (mark) => `\\${mark}`)}%`],
});

/** Whether a column that holds JSON has a text in one of its strings, numbers or names. */
export const jsonContains = (column: string, text: string): SqlTerm =>
  contains(column, JSON.stringify(text).slice(1, -1));

/** Whether a column is a name, or begins with it if it ends with `*`. */
export const isNamed = (column: string, name: string): SqlTerm => {
  if (!name.endsWith("*")) return { sql: `${column} = ?`, params: [name] };
  // By what LIKE and GLOB would make of the name, it could be anything.
  const start = name.slice(0, -1);
  return { sql: `substr(${column}, 1, length(?)) = ?`, params: [start, start] };
};

/** A place in a list, in its one spelling: another would get around what is said about that place. */
const INDEX = /^(0|[1-9]\d{0,8})$/;
/** More combinations of "a field of that name" and "that place in a list" are not tried. */
const MAX_VARIANTS = 8;

/**
 * Whether the JSON in a column has a value at a path: the string, or the number, `true`, `false` or `null` that is
 * written like that. JSON has to be as `JSON.stringify` writes it: then a column without the text of the value cannot
 * have it at the path, which is found out twenty times faster.
 */
export function jsonHas(column: string, { path, value }: DataTerm): SqlTerm {
  const paths = pathsOf(path);
  const values = [JSON.stringify(value)];
  if (isLiteral(value)) values.push(value);
  const marks = values.map(() => "?").join(", ");
  const looks = paths.map(() => `${column} -> ? IN (${marks})`).join(" OR ");
  // instr() would count characters, and takes twice as long.
  const hasText = jsonContains(column, value);
  return {
    sql: `CASE WHEN ${hasText.sql} AND json_valid(${column}) THEN ${looks} END`,
    params: [...hasText.params, ...paths.flatMap((text) => [text].concat(values))],
  };
}

/** Whether a text is a number, `true`, `false` or `null` as `JSON.stringify` writes them. */
function isLiteral(text: string): boolean {
  if (text === "true" || text === "false" || text === "null") return true;
  return /^-?\d/.test(text) && JSON.stringify(Number(text)) === text;
}

/** SQLite's paths. A name in quotes goes up to the next quote, which names have none of; a backslash begins an escape. */
function pathsOf(path: readonly string[]): string[] {
  let texts = ["$"];
  for (const field of path) {
    const name = JSON.stringify(field);
    const named = texts.map((text) => `${text}.${name}`);
    const placed = INDEX.test(field) ? texts.map((text) => `${text}[${Number(field)}]`) : [];
    texts = [...named, ...placed].slice(0, MAX_VARIANTS);
  }
  return texts;
}
