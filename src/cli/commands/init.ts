import { link, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseBaseUrl, parseDomain, replaceHost } from "../../config/values.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { importedFile } from "../init/from-mongooseim.ts";
import { proxies } from "../init/proxies.ts";
import { type ServerName, serverNames } from "../init/server-names.ts";
import { snippets } from "../init/snippets.ts";
import { configTemplate, type Setup } from "../init/template.ts";

const secretBytes = 24;

/** `slotd init`: writes slotd.toml and prints what belongs to it in other programs. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const from = args.text("from");
  if (from !== undefined) return takeOver(from, args, io);
  const setup = setupOf(args, io);
  const file = targetOf(args);
  if (!(await write(file, configTemplate(setup), args, io))) return 1;
  io.stdout(report(file, setup));
  return 0;
}

/** `slotd init --from`: the same with what a MongooseIM configuration says. */
async function takeOver(from: string, args: Arguments, io: CommandIo): Promise<number> {
  for (const name of ["public-url", "disk-path", "s3"]) {
    if (args.has(name))
      throw new UsageError(`--${name} cannot be used with --from, which imports the settings of a bucket`);
  }
  const server = serverOf(args);
  if (server !== undefined && server !== "mongooseim")
    throw new UsageError("--from reads a configuration of MongooseIM; remove --for");
  const file = targetOf(args);
  const domains = args.texts("domain").map(domainOf);
  const outcome = importedFile(from, { file, domains, secret: hex(io.randomBytes(secretBytes)) }, io.cwd);
  if ("problem" in outcome) {
    io.stderr(`${outcome.problem}\nslotd: ${file} was not written.\n`);
    return 1;
  }
  if (!(await write(file, outcome.text, args, io))) return 1;
  io.stdout(outcome.report);
  return 0;
}

function targetOf(args: Arguments): string {
  return args.text("config") ?? "slotd.toml";
}

/** Whether the file was written; why not is on standard error. */
async function write(file: string, text: string, args: Arguments, io: CommandIo): Promise<boolean> {
  const path = resolve(io.cwd, file);
  const outcome = await writeNewFile(path, text, args.has("force"), hex(io.randomBytes(6)));
  if (outcome === undefined) return true;
  io.stderr(`slotd: ${file} ${outcomes[outcome] ?? `cannot be written (${outcome})`}.\n`);
  return false;
}

const outcomes: Readonly<Record<string, string>> = {
  EEXIST: "exists already and is unchanged; --force overwrites it",
  ENOENT: "cannot be written: its folder does not exist",
  ENOTDIR: "cannot be written: its folder does not exist",
  EISDIR: "cannot be written: it is a folder",
  EACCES: "cannot be written: you are not permitted to write into its folder",
  EROFS: "cannot be written: the file system is read-only",
};

function setupOf(args: Arguments, io: CommandIo): Setup {
  const given = args.texts("domain");
  const domains = new Set(given.map(domainOf));
  const url = args.text("public-url") ?? "https://upload.@HOST@";
  for (const name of ["public-url", "disk-path"]) {
    if (args.has("s3") && args.has(name)) {
      throw new UsageError(`--${name} is for files on disk; with --s3 clients reach the bucket itself`);
    }
  }
  if (parseBaseUrl(replaceHost(url, "example.org")) === undefined) {
    throw new UsageError(
      "expected --public-url URL to be an http or https URL without user name, query or fragment",
    );
  }
  return {
    domains: given.length === 0 ? ["example.org"] : [...domains],
    publicUrl: url.replace(/\/+$/, ""),
    diskPath: diskPathOf(args, io),
    isS3: args.has("s3"),
    // The table of commands takes no other value.
    proxy: proxies.find((known) => known === args.text("proxy")) ?? "nginx",
    secret: hex(io.randomBytes(secretBytes)),
    isExample: given.length === 0,
    server: serverOf(args),
  };
}

/** The command's table says which names there are. */
function serverOf(args: Arguments): ServerName | undefined {
  return serverNames.find((name) => name === args.text("for"));
}

/** Where the systemd unit lets slotd write, for a file in /etc, which is not the place for data. */
function diskPathOf(args: Arguments, io: CommandIo): string {
  const isInEtc = resolve(io.cwd, targetOf(args)).startsWith("/etc/");
  const path = args.text("disk-path") ?? (isInEtc ? "/var/lib/slotd" : "./data");
  if (path !== "" && !/\p{Cc}/u.test(path)) return path;
  throw new UsageError("expected --disk-path FOLDER to be a path without control characters");
}

function domainOf(text: string): string {
  const domain = parseDomain(text);
  if (domain === undefined) throw new UsageError(`expected --domain DOMAIN to be a domain, got "${text}"`);
  return domain;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/**
 * Writes a file, whole or not at all. Its owner may read it and, in a folder that hands its group on (setgid, as
 * /etc/slotd of the package is), that group, which is slotd's.
 *
 * @returns the system's error code when it could not be written, EEXIST when it exists and must not be replaced.
 */
async function writeNewFile(
  path: string,
  text: string,
  mayReplace: boolean,
  suffix: string,
): Promise<string | undefined> {
  const temporary = join(dirname(path), `.${basename(path)}.${suffix}`);
  try {
    const handsGroupOn = ((await stat(dirname(path))).mode & 0o2000) !== 0;
    await writeDurably(temporary, text, handsGroupOn ? 0o640 : 0o600);
    if (mayReplace) await rename(temporary, path);
    // Unlike a rename, a link does not replace a file that came into being meanwhile.
    else await link(temporary, path);
    return undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function report(file: string, setup: Setup): string {
  const edit = setup.isExample
    ? " Edit its domains first, and replace example.org with your domain below."
    : "";
  const parts = snippets(setup).map(
    ({ title, text }) => `${"=".repeat(78)}\n${title}\n${"-".repeat(78)}\n${text}\n`,
  );
  return `Wrote ${file}, with a new component secret.${edit}
${setup.isS3 ? "Fill in [s3] in it: bucket, region and keys; docs/s3.md has the settings of each store.\n" : ""}Add to your XMPP server${setup.server === undefined ? " (one of these)" : ""}${setup.isS3 ? "" : ", and to the reverse proxy"}:

${parts.join("\n")}
Then start it: slotd serve${file === "slotd.toml" ? "" : ` --config ${file}`}
`;
}
