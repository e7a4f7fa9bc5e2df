import { formerKindNames } from "../address/former-kinds.ts";
import { purposes } from "../slot/purpose.ts";
import type { Command, CommandOption } from "./command.ts";
import { proxies } from "./init/proxies.ts";
import { serverNames } from "./init/server-names.ts";

const config: CommandOption = {
  name: "config",
  value: "FILE",
  summary: "The configuration. Default: SLOTD_CONFIG, ./slotd.toml or /etc/slotd/slotd.toml.",
};

const json: CommandOption = { name: "json", summary: "Prints JSON instead of text." };
const jid: CommandOption = { name: "jid", value: "JID", summary: "One bare JID." };

/** Every command, in the order of the help. Each is loaded only when it runs. */
export const commands: readonly Command[] = [
  {
    name: "serve",
    summary: "Connects to the XMPP server and answers slot requests until you stop it.",
    options: [config],
    run: async (args, io) => (await import("./commands/serve.ts")).run(args, io),
  },
  {
    name: "init",
    summary: "Writes a commented slotd.toml and prints the lines to add to the XMPP server.",
    options: [
      {
        name: "domain",
        value: "DOMAIN",
        isRepeatable: true,
        summary: "An XMPP domain to serve; you can repeat this option. Default: example.org.",
      },
      {
        name: "for",
        value: "SERVER",
        choices: serverNames,
        summary: `Your XMPP server: ${serverNames.join(", ")}. Default: prints the lines for each server.`,
      },
      {
        name: "public-url",
        value: "URL",
        summary: "The URL at which clients reach slotd's HTTP server. Default: https://upload.@HOST@.",
      },
      {
        name: "disk-path",
        value: "FOLDER",
        summary:
          "The folder of the files. Default: /var/lib/slotd for a configuration in /etc, otherwise data beside it.",
      },
      {
        name: "proxy",
        value: "PROXY",
        choices: proxies,
        summary: "The reverse proxy for which to print the lines: nginx, caddy or haproxy. Default: nginx.",
      },
      { name: "s3", summary: "Writes a configuration for an S3 bucket, which you complete." },
      {
        name: "from",
        value: "FILE",
        summary:
          "Imports mod_http_upload from a MongooseIM configuration, mongooseim.cfg or mongooseim.toml.",
      },
      { name: "config", value: "FILE", summary: "The file to write. Default: ./slotd.toml." },
      { name: "force", summary: "Overwrites an existing file." },
    ],
    run: async (args, io) => (await import("./commands/init.ts")).run(args, io),
  },
  {
    name: "slot",
    summary: "Prints the URLs of a slot and a curl command that tests them, without XMPP.",
    options: [
      { name: "domain", value: "DOMAIN", isRequired: true, summary: "A served domain." },
      { name: "filename", value: "NAME", isRequired: true, summary: "The file's name." },
      {
        name: "size",
        value: "BYTES",
        range: { min: 0, max: Number.MAX_SAFE_INTEGER },
        isRequired: true,
        summary: "The file's size in bytes.",
      },
      { name: "content-type", value: "TYPE", summary: "The file's media type." },
      {
        name: "expires",
        value: "SECONDS",
        range: { min: 1, max: 604800 },
        summary: "The lifetime of the PUT URL. Default: expiration_time.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/slot.ts")).run(args, io),
  },
  {
    name: "check",
    summary: "Tests the configuration with real requests and reports problems and remedies.",
    options: [
      { name: "domain", value: "DOMAIN", summary: "Checks only this served domain." },
      { name: "fix", summary: "Sets missing CORS, bucket policy and lifecycle rules." },
      { name: "json", summary: "Prints the findings as JSON." },
      {
        name: "ca",
        value: "FILE",
        summary: "Also trusts the authorities in this PEM file for HTTPS, such as a private CA.",
      },
      { name: "origin", value: "ORIGIN", summary: "The origin of a web client, for CORS. Default: any." },
      config,
    ],
    run: async (args, io) => (await import("./commands/check.ts")).run(args, io),
  },
  {
    name: "rotate-key",
    summary: "Creates a new key that signs slotd's own PUT URLs; slots of the previous key stay valid.",
    options: [
      { name: "domain", value: "DOMAIN", summary: "Rotates only the keys of this domain. Default: all." },
      {
        name: "forget",
        summary: "Removes the previous keys at once; slots that they signed become invalid.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/rotate-key.ts")).run(args, io),
  },
  {
    name: "reload",
    summary: "Makes the running slotd reload its configuration and apply all changes or none.",
    options: [
      { name: "socket", value: "PATH", summary: "The running slotd's control socket. Default: ops.socket." },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/reload.ts")).run(args, io),
  },
  {
    name: "usage",
    summary: "Prints the storage that each JID uses, by purpose.",
    options: [
      { ...jid, summary: "Prints only this bare JID." },
      { name: "domain", value: "DOMAIN", summary: "Prints only this served domain." },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/usage.ts")).run(args, io),
  },
  {
    name: "files",
    summary: "Lists the files of a JID.",
    options: [
      { ...jid, isRequired: true },
      {
        name: "purpose",
        value: "PURPOSE",
        choices: purposes,
        summary: "Lists only files for this purpose: message, profile, ephemeral or permanent.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/files.ts")).run(args, io),
  },
  {
    name: "delete",
    summary: "Deletes one file.",
    operands: [{ value: "URL|TOKEN", summary: "The file's GET URL, or the token in it." }],
    options: [json, config],
    run: async (args, io) => (await import("./commands/delete.ts")).run(args, io),
  },
  {
    name: "purge",
    summary: "Deletes every file of a JID, for example of a deleted account.",
    options: [{ ...jid, isRequired: true }, json, config],
    run: async (args, io) => (await import("./commands/purge.ts")).run(args, io),
  },
  {
    name: "sweep",
    summary: "Deletes expired files now; a running slotd with a ledger does this periodically.",
    options: [{ name: "dry-run", summary: "Counts the files and deletes none." }, json, config],
    run: async (args, io) => (await import("./commands/sweep.ts")).run(args, io),
  },
  {
    name: "reconcile",
    summary: "Compares the ledger and the store in both directions; exits with 1 if they differ.",
    options: [
      { name: "fix", summary: "Updates the ledger to match the store." },
      {
        name: "delete-unknown",
        summary: "With --fix: deletes files that the ledger does not know instead of entering them.",
      },
      {
        name: "forget-many",
        summary:
          "With --fix: forgets missing files even if they are over 1 % of all, or if the store is another one.",
      },
      {
        name: "delete-many",
        summary: "With --delete-unknown: deletes unknown files even if they are more than 1 % of all.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/reconcile.ts")).run(args, io),
  },
  {
    name: "import",
    summary: "Imports the files of another upload service, whose URLs remain valid.",
    operands: [
      {
        value: "KIND",
        summary: `The other service: ${formerKindNames.join(", ")}. folder: any files that were served under a URL.`,
        choices: formerKindNames,
        isOptional: true,
      },
      {
        value: "PATH",
        summary: "Its folder of files; slotd only reads it. Not needed with --verify.",
        isOptional: true,
      },
    ],
    options: [
      {
        name: "domain",
        value: "DOMAIN",
        summary: "The served domain of the files. Default: that of the [former.NAME] table, or the only one.",
      },
      {
        name: "url",
        value: "OLD_BASE",
        isRepeatable: true,
        summary:
          "What the old URLs begin with; you can repeat this option. Default: the URLs of the only [former.NAME] table of the kind.",
      },
      {
        name: "expires-after",
        value: "TIME",
        summary:
          "How long the other service kept a file after its upload, such as 30d, or never. Default: slotd's retention, counted from the import.",
      },
      {
        name: "accounts",
        value: "FILE",
        summary:
          "The server's accounts, one on each line, as `ejabberdctl registered_users DOMAIN` prints them; identifies owners by hash.",
      },
      {
        name: "database",
        value: "FILE",
        summary: "The other service's database: an SQLite file or, for prosody, a postgres:// URL.",
      },
      {
        name: "component",
        value: "JID",
        summary: "prosody: the component whose files to import, if there are several.",
      },
      {
        name: "min-age",
        value: "TIME",
        summary:
          "Skips files that changed more recently; they may be uploads in progress. Default: 60s. Use 0 if the other service is stopped.",
      },
      { name: "max-rate", value: "SIZE", summary: "Copies at most this much in a second, such as 20MB." },
      {
        name: "parallel",
        value: "N",
        range: { min: 1, max: 64 },
        summary: "The number of simultaneous files or, with --verify, requests. Default: 8.",
      },
      {
        name: "list",
        value: "FILE",
        summary: "The list of old URLs with their SHA-256, mode 0600. Default: slotd-import-KIND.list.",
      },
      {
        name: "report",
        value: "FILE",
        summary:
          "The report of everything left out, mode 0600. Default: slotd-import-KIND.report; with --verify LIST.wrong.",
      },
      { name: "compare", summary: "Also compares the content of files that were imported before." },
      { name: "dry-run", summary: "Writes the report only." },
      {
        name: "verify",
        value: "LIST",
        summary: "Requests every URL in a list from an import and compares the responses.",
      },
      {
        name: "to",
        value: "URL",
        summary: "With --verify: sends the requests there with the Host header unchanged.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/import.ts")).run(args, io),
  },
  {
    name: "config",
    summary: "Prints the active options as TOML, without secrets.",
    options: [json, config],
    run: async (args, io) => (await import("./commands/config.ts")).run(args, io),
  },
  {
    name: "completion",
    summary: "Prints the script that completes slotd's command line in a shell.",
    operands: [{ value: "SHELL", summary: "bash, zsh or fish.", choices: ["bash", "zsh", "fish"] }],
    options: [],
    run: async (args, io) => (await import("./commands/completion.ts")).run(args, io, commands),
  },
];
