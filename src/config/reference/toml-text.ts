import type { TomlValue } from "../options/option.ts";

/** Writes a text, number, boolean or list of texts as TOML 1.0. */
export function tomlText(value: TomlValue): string {
  if (typeof value === "string") {
    // JSON's escapes are TOML's too, but JSON leaves DEL and what steers a terminal above it as they are.
    return JSON.stringify(value.toWellFormed()).replace(
      /\p{Cc}/gu,
      (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }
  return typeof value === "object" ? `[${value.map(tomlText).join(", ")}]` : String(value);
}
