import type { Layers } from "../in-force.ts";
import { isNamedTable, type NamedTable, withoutName } from "../options/named-table.ts";
import type { Place, Problem } from "../problem.ts";
import type { Setting, Settings } from "../settings.ts";
import { parseDomain } from "../values.ts";
import { FileReader, newScope, type Scope } from "./file-reader.ts";
import { type Files, readSecrets } from "./secret-file.ts";
import type { TomlEntry } from "./toml.ts";

/** What a file gives. */
export interface FileSettings {
  readonly settings: Settings;
  /** By domain, lowercase. `place` is where the table, or its first key, stands. */
  readonly domains: ReadonlyMap<
    string,
    { readonly place: Place; readonly path: readonly string[]; readonly settings: Settings }
  >;
  /** The tables with names, in the order of the file. */
  readonly named: Layers["named"];
}

/** Reads the options from the keys of a TOML file; unknown keys and wrong values are problems. */
export function settingsFromFile(
  entries: readonly TomlEntry[],
  source: { readonly file: string; readonly text: string },
  files: Files,
  problems: Problem[],
): FileSettings {
  const reader = new FileReader(entries, source, problems);
  const domains = new Map<string, { place: Place; path: readonly string[]; scope: Scope }>();
  const named = new Map<NamedTable, Map<string, { at: Setting; scope: Scope }>>();
  const top = newScope();
  for (const entry of entries) {
    const [table, name = ""] = entry.path;
    if (isNamedTable(table) && entry.path.length > 1) {
      const members = named.get(table) ?? new Map<string, { at: Setting; scope: Scope }>();
      named.set(table, members);
      const known = members.get(name) ?? { at: reader.readTableName(entry), scope: newScope() };
      members.set(name, known);
      if (known.at.isValid) reader.read(entry, withoutName(entry.path), known.scope);
    } else if (table !== "domain") reader.read(entry, entry.path, top);
    else if (entry.path.length === 1) reader.readDomainHeader(entry);
    else {
      const domain = parseDomain(name) ?? name;
      const known = domains.get(domain) ?? {
        place: reader.placeOf(entry),
        path: entry.path,
        scope: newScope(name),
      };
      domains.set(domain, known);
      if (entry.path.length > 2) reader.read(entry, withoutName(entry.path.slice(2)), known.scope);
      else reader.readDomainHeader(entry);
    }
  }
  const finish = ({ settings, secrets }: Scope): Settings =>
    new Map([...settings, ...readSecrets(secrets, files, problems)]);
  return {
    settings: finish(top),
    domains: new Map(
      [...domains].map(([domain, { place, path, scope }]) => [
        domain,
        { place, path, settings: finish(scope) },
      ]),
    ),
    named: new Map(
      [...named].map(([table, members]) => [
        table,
        new Map([...members].map(([name, { at, scope }]) => [name, { at, settings: finish(scope) }])),
      ]),
    ),
  };
}
