import { bareJid, parseJid } from "../../slot/jid.ts";
import type { LuaTable, LuaValue } from "./lua-table.ts";

/** What Prosody's mod_http_file_share wrote down when it gave out a slot. */
export interface SlotRecord {
  /** 1 to 255 bytes, without "/" and NUL, and neither "." nor "..". */
  readonly slot: string;
  readonly owner: string | undefined;
  readonly requested: Date | undefined;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
}

/** Reads an item of `uploads.list`; undefined when it is none. */
export function slotRecordOfItem(item: LuaTable): SlotRecord | undefined {
  const attributes = item.get("attr");
  if (!(attributes instanceof Map)) return undefined;
  return slotRecord({
    key: item.get("key"),
    when: item.get("when"),
    with: item.get("with"),
    filename: attributes.get("filename"),
    contentType: attributes.get("content-type"),
  });
}

/** @returns undefined where the key is no slot that a URL can name. */
export function slotRecord(fields: {
  readonly key: unknown;
  readonly when: unknown;
  readonly with: unknown;
  readonly filename: unknown;
  readonly contentType: unknown;
}): SlotRecord | undefined {
  const { key } = fields;
  if (typeof key !== "string" || key === "" || key === "." || key === ".." || /[/\0]/.test(key))
    return undefined;
  if (Buffer.byteLength(key) > 255) return undefined;
  return {
    slot: key,
    owner: accountIn(fields.with),
    requested: timeIn(fields.when),
    filename: textIn(fields.filename),
    contentType: textIn(fields.contentType),
  };
}

/** A JID of an account, bare and prepared. */
export function accountIn(value: unknown): string | undefined {
  const jid = typeof value === "string" ? parseJid(value) : undefined;
  return jid?.local === undefined ? undefined : bareJid(jid);
}

/** Seconds since 1970. */
export function timeIn(value: LuaValue | unknown): Date | undefined {
  const time = typeof value === "number" ? new Date(value * 1000) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
