import { isOptionName, type OptionName, optionOf } from "../config/options/table.ts";
import { hostPlaceholder, parseDomain } from "../config/values.ts";
import { type ComponentListener, listenerOf } from "./component-listener.ts";
import type { Given, HostSection, ModuleSection, MongooseConfig } from "./mongooseim-config.ts";
import type { Note } from "./note.ts";

/** The options that mod_http_upload and slotd have in common, name for name, in the order they are written. */
const shared = [
  ...["host", "expiration_time", "token_bytes", "max_file_size"],
  ...["s3.bucket_url", "s3.region", "s3.access_key_id", "s3.secret_access_key", "s3.add_acl"],
].filter(isOptionName);

export type Values = ReadonlyMap<OptionName, string | number | boolean>;

/** A MongooseIM configuration in slotd's terms. */
export interface TakenOver {
  /** Empty when the configuration does not say. */
  readonly domains: readonly string[];
  /** For every domain; what is as slotd's default is left out. */
  readonly values: Values;
  /** What differs for a domain. */
  readonly overrides: ReadonlyMap<string, Values>;
  readonly component: ComponentListener;
  readonly notes: readonly Note[];
}

/** Says of a MongooseIM configuration what it is for slotd; undefined when mod_http_upload is nowhere in it. */
export function takeOver(config: MongooseConfig): TakenOver | undefined {
  const notes: Note[] = [];
  const general = config.modules?.upload && effective(config.modules.upload, notes);
  const own = new Map<string, Values | undefined>();
  for (const section of config.hostSections) readHostSection(section, config, own, notes);
  const [first] = [...own.values()].filter((values) => values !== undefined);
  const base = general ?? first;
  if (base === undefined) return undefined;
  const hosts = config.hosts.map((host) => parseDomain(host) ?? host);
  const domains = hosts.filter((host) =>
    own.has(host) ? own.get(host) !== undefined : general !== undefined,
  );
  for (const host of hosts.filter((each) => !domains.includes(each))) {
    notes.push({
      line: undefined,
      text: `${host} is not in domains: mod_http_upload does not run for it.`,
    });
  }
  for (const type of config.hostTypes) {
    const text = `The domains of the host type ${JSON.stringify(type)} are in MongooseIM's database; add them to domains.`;
    notes.push({ line: undefined, text });
  }
  const overrides = new Map<string, Values>();
  for (const [host, values] of own) {
    const different = values && differences(values, base);
    if (different && different.size > 0) overrides.set(host, different);
  }
  noteMissing([base, ...own.values()], notes);
  noteSharedHost(base, domains, notes);
  return {
    domains,
    values: differences(base, defaults),
    overrides,
    component: listenerOf(config.components, notes),
    notes,
  };
}

function readHostSection(
  { name, isType, line, modules }: HostSection,
  { hosts, modules: general }: MongooseConfig,
  own: Map<string, Values | undefined>,
  notes: Note[],
): void {
  if (modules === undefined) return;
  if (isType || !hosts.some((host) => parseDomain(host) === parseDomain(name))) {
    if (modules.upload === undefined) return;
    const what = isType
      ? `The settings of the host type ${JSON.stringify(name)}`
      : `The settings for ${name}`;
    const why = isType
      ? "slotd has them for domains; repeat them in a table for each of its domains"
      : "it is not among the hosts";
    notes.push({ line, text: `${what} are not imported: ${why}.` });
    return;
  }
  const values = upload(modules, general, notes);
  if (values !== "as in general") own.set(parseDomain(name) ?? name, values);
}

/** A host's section of modules stands for the general one as a whole, options that it leaves out included. */
function upload(
  { upload: given, isAddition }: ModuleSection,
  general: ModuleSection | undefined,
  notes: Note[],
): Values | undefined | "as in general" {
  if (given !== undefined) return effective(given, notes);
  return isAddition && general !== undefined ? "as in general" : undefined;
}

const defaults: Values = new Map(
  shared.flatMap((name) => {
    const value = optionOf(name).default;
    return value === undefined || typeof value === "object" ? [] : [[name, value] as const];
  }),
);

/** What is in force by the options given, defaults included; they are the same on both sides. */
function effective(given: readonly Given[], notes: Note[]): Values {
  const values = new Map(defaults);
  for (const option of given) {
    const { key, value, line } = option;
    const name = shared.find((each) => each === key);
    const why = name === undefined ? whyNot(option) : invalid(name, value);
    if (why !== undefined) notes.push({ line, text: `${key} is not imported: ${why}.` });
    else if (name !== undefined && value !== undefined) values.set(name, written(name, value));
  }
  return values;
}

/** Why an option that slotd does not share is left out; undefined where nothing is lost. */
function whyNot({ key, value }: Given): string | undefined {
  if (key === "backend") {
    return value === "s3" ? undefined : `slotd has "s3" and "disk"; it is written as "s3"`;
  }
  if (key === "iqdisc" || key.startsWith("iqdisc.")) return "slotd answers every request at once by itself";
  return "slotd has no such option";
}

function invalid(name: OptionName, value: Given["value"]): string | undefined {
  const { schema, expected, isSecret } = optionOf(name);
  if (value !== undefined && schema.safeParse(value).success) return undefined;
  const got = isSecret || value === undefined ? "" : `, and it is ${JSON.stringify(value)}`;
  return `slotd expects ${expected}${got}`;
}

function written(name: OptionName, value: string | number | boolean): string | number | boolean {
  return name === "max_file_size" && value === "undefined" ? "infinity" : value;
}

/** What of `values` is not as in `base`. */
function differences(values: Values, base: Values): Values {
  return new Map(
    shared.flatMap((name) => {
      const value = values.get(name);
      return value === undefined || value === base.get(name) ? [] : [[name, value] as const];
    }),
  );
}

function noteMissing(all: readonly (Values | undefined)[], notes: Note[]): void {
  const needed = shared.filter((name) => optionOf(name).isMandatory === "with table");
  const missing = needed.filter((name) => all.some((values) => values !== undefined && !values.has(name)));
  for (const name of missing) {
    notes.push({ line: undefined, text: `${name} is missing: slotd needs it. Add it to the file.` });
  }
}

function noteSharedHost(base: Values, domains: readonly string[], notes: Note[]): void {
  const host = String(base.get("host"));
  if (domains.length < 2 || host.includes(hostPlaceholder)) return;
  const text = `host is ${host} for every domain; slotd needs a component for each: use ${hostPlaceholder} in host.`;
  notes.push({ line: undefined, text });
}
