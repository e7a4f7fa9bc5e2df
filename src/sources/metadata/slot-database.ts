import { SaxesParser } from "saxes";
import { type SlotRecord, slotRecord } from "./slot-record.ts";

/** The longest description of a slot; Prosody's have some hundred bytes. */
export const longestValue = 64 * 1024;

const page = 500;

/** Runs a query with $1, $2, ... in its text. */
export type Query = (
  sql: string,
  values: readonly string[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/**
 * Reads the slots of a component from the table of Prosody's SQL storage, which other hosts and stores share. 500 rows
 * at a time by the table's unique index, so that neither memory nor a lock is held while files are copied.
 *
 * Gives undefined for a row that is no slot.
 *
 * Source: Prosody's mod_storage_sql.
 */
export async function* slotsInDatabase(
  query: Query,
  component: string,
): AsyncGenerator<SlotRecord | undefined> {
  for (let last = ""; ; ) {
    const rows = await query(pageSql, [component, last]);
    for (const row of rows) yield recordOf(row);
    const next = rows.at(-1)?.key;
    // In SQLite a key may be of another type; those come last.
    if (rows.length < page || typeof next !== "string") return;
    last = next;
  }
}

const pageSql = `
  SELECT "key", CAST("when" AS DOUBLE PRECISION) AS "when",
    CASE WHEN octet_length("with") <= 4096 THEN "with" END AS "with",
    CASE WHEN octet_length("value") <= ${longestValue} THEN "value" END AS "value"
  FROM "prosodyarchive"
  WHERE "host" = $1 AND "user" = '' AND "store" = 'uploads' AND "key" > $2 AND octet_length("key") <= 255
  ORDER BY "key" LIMIT ${page}`;

function recordOf(row: Readonly<Record<string, unknown>>): SlotRecord | undefined {
  const attributes = typeof row.value === "string" ? attributesOf(row.value) : undefined;
  if (attributes === undefined) return undefined;
  const { filename, "content-type": contentType } = attributes;
  return slotRecord({ key: row.key, when: row.when, with: row.with, filename, contentType });
}

/** Of the root element; undefined when it is no `<request/>`. */
function attributesOf(xml: string): Readonly<Record<string, string>> | undefined {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let request: Readonly<Record<string, string>> | undefined;
  let isRoot = true;
  parser.on("opentag", ({ name, attributes }) => {
    if (isRoot && name === "request") request = attributes;
    isRoot = false;
  });
  try {
    parser.write(xml).close();
    return request;
  } catch {
    return undefined;
  }
}
