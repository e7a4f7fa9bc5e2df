import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfig } from "../../config/load.ts";
import { formatProblems } from "../../config/problem.ts";
import { parseAddress, replaceHost } from "../../config/values.ts";
import { readMongooseim } from "../../migrate/mongooseim.ts";
import type { Note } from "../../migrate/note.ts";
import { slotdToml } from "../../migrate/slotd-toml.ts";
import type { TakenOver } from "../../migrate/take-over.ts";
import { componentAddress } from "./server-names.ts";
import { setupHost } from "./template.ts";

/** What is put where the configuration that is read does not say. */
export interface ImportOptions {
  /** The file that will be written. */
  readonly file: string;
  /** In place of the domains that the configuration names, when there are any. */
  readonly domains: readonly string[];
  /** A fresh component secret. */
  readonly secret: string;
}

/** A slotd.toml, and what to tell about it. */
export interface ImportedFile {
  readonly text: string;
  readonly report: string;
}

/** Reads another program's configuration and makes slotd.toml of it; writes nothing. */
export function importedFile(
  from: string,
  options: ImportOptions,
  cwd: string,
): ImportedFile | { readonly problem: string } {
  let source: string;
  try {
    source = readFileSync(resolve(cwd, from), "utf8");
  } catch (error) {
    return { problem: `${from} cannot be read: ${error instanceof Error ? error.message : String(error)}.` };
  }
  const taken = readMongooseim(source, from);
  if ("problem" in taken) return taken;
  const named = options.domains.length > 0 ? options.domains : taken.domains;
  const isExample = named.length === 0;
  const rest = {
    domains: isExample ? ["example.org"] : named,
    isExample,
    address: taken.component.address ?? componentAddress("mongooseim"),
    secret: taken.component.secret ?? options.secret,
    hasTls: taken.component.hasTls,
  };
  const text = slotdToml(taken, rest);
  return { text, report: report(from, taken, rest, text, options) };
}

type Rest = Parameters<typeof slotdToml>[1];

function report(from: string, taken: TakenOver, rest: Rest, text: string, { file }: ImportOptions): string {
  const isFresh = taken.component.secret === undefined;
  const load = loadConfig({ file, env: {}, cwd: "/", readFile: () => text });
  const parts = [
    `Wrote ${file} from ${from}${isFresh ? ", with a new component secret" : ", with its component secret"}.`,
    ...(rest.isExample ? ["The file names no domain: edit the line domains first."] : []),
    notes(from, taken.notes),
    load.ok ? "" : `slotd does not start with it yet:\n${formatProblems(load.problems)}\n`,
    components(taken, rest),
    `Then test it: slotd check${file === "slotd.toml" ? "" : ` --config ${file}`}`,
  ];
  return `${parts.filter((part) => part !== "").join("\n")}\n`;
}

function notes(from: string, list: readonly Note[]): string {
  if (list.length === 0) return "All settings of mod_http_upload were imported.";
  const lines = list.map(({ line, text }) => `  ${from}${line === undefined ? "" : `:${line}`}: ${text}`);
  return `Not imported, or to be checked:\n${lines.join("\n")}\n`;
}

/** What MongooseIM needs so that slotd takes the module's place. */
function components(taken: TakenOver, { domains, address, secret }: Rest): string {
  const hostOf = (domain: string): string =>
    String(taken.overrides.get(domain)?.get("host") ?? taken.values.get("host") ?? setupHost);
  const hosts = domains.map((domain) => replaceHost(hostOf(domain), domain));
  const several =
    hosts.length > 1
      ? "MongooseIM lists each component on every domain. slotd announces its service only to users that access allows: keep the default of access, the domain itself.\n"
      : "";
  const remove = `${several}Remove mod_http_upload from MongooseIM: it uses the same name (${hosts.join(", ")}).`;
  if (taken.component.address !== undefined && taken.component.secret !== undefined) {
    return `${remove} MongooseIM already has the listener for components.`;
  }
  const { host: ip, port } = parseAddress(address, 1) ?? { host: "127.0.0.1", port: 0 };
  return `${remove}
Add a listener for components, in TOML ([[listen.service]] in releases up to 6.3):
  [[listen.component]]
    port = ${port}
    ip_address = "${ip}"
    password = "${secret}"
or in mongooseim.cfg, under listen:
  {{${port}, "${ip}"}, ejabberd_service, [{access, all}, {password, "${secret}"}]}
`;
}
