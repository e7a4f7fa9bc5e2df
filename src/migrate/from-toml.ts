import type { TomlEntry } from "../config/sources/toml.ts";
import type { Given, HostSection, ModuleSection, MongooseConfig } from "./mongooseim-config.ts";

/** Finds what matters in the keys of a mongooseim.toml, or of a part of one. Arrays of tables come with their keys. */
export function configFromToml(entries: readonly TomlEntry[]): MongooseConfig {
  const general = entries.filter(({ path }) => path[0] === "general");
  return {
    hosts: textsAt(general, "hosts"),
    hostTypes: textsAt(general, "host_types"),
    modules: sectionIn(entries.filter(({ path }) => path[0] === "modules")),
    hostSections: tablesOf(entries, ["host_config"]).map(hostSection),
    components: ["component", "service"].flatMap((kind) =>
      tablesOf(entries, ["listen", kind]).map((table) => table.flatMap((entry) => givenOf(entry, 2))),
    ),
  };
}

/** Splits an array of tables into its tables: each the header and what stands below it. */
function tablesOf(entries: readonly TomlEntry[], path: readonly string[]): TomlEntry[][] {
  const tables: TomlEntry[][] = [];
  for (const entry of entries) {
    if (!path.every((name, index) => entry.path[index] === name)) continue;
    if (entry.path.length === path.length && entry.value.kind === "array of tables") tables.push([entry]);
    else tables.at(-1)?.push(entry);
  }
  return tables;
}

function hostSection(table: readonly TomlEntry[]): HostSection {
  const inside = table.map((entry) => ({ ...entry, path: entry.path.slice(1) }));
  const text = (name: string): string | undefined => textsAt(table, name)[0];
  const hostType = text("host_type");
  return {
    name: text("host") ?? hostType ?? "",
    isType: hostType !== undefined,
    line: table[0]?.line ?? 0,
    modules: sectionIn(inside.filter(({ path }) => path[0] === "modules")),
  };
}

/** Entries whose paths begin with "modules". */
function sectionIn(entries: readonly TomlEntry[]): ModuleSection | undefined {
  if (entries.length === 0) return undefined;
  const upload = entries.filter(({ path }) => path[1] === "mod_http_upload");
  if (upload.length === 0) return { upload: undefined, isAddition: false };
  return { upload: upload.flatMap((entry) => givenOf(entry, 2)), isAddition: false };
}

/** An option whose name begins after so many parts of the path. */
function givenOf({ path, value, line }: TomlEntry, depth: number): Given[] {
  if (value.kind !== "value" || path.length <= depth) return [];
  const { raw } = value;
  const isScalar = typeof raw === "string" || typeof raw === "number" || typeof raw === "boolean";
  return [{ key: path.slice(depth).join("."), value: isScalar ? raw : undefined, line }];
}

/** The texts of the key of this name, one level below a table. */
function textsAt(entries: readonly TomlEntry[], name: string): string[] {
  const found = entries.find(
    ({ path, value }) => path.length === 2 && path[1] === name && value.kind === "value",
  );
  const raw = found?.value.kind === "value" ? found.value.raw : undefined;
  return (Array.isArray(raw) ? raw : [raw]).filter((item) => typeof item === "string");
}
