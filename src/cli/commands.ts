import { purposes } from "../slot/purpose.ts";
import type { Command, CommandOption } from "./command.ts";
import { proxies } from "./init/proxies.ts";
import { serverNames } from "./init/server-names.ts";

const config: CommandOption = {
  name: "config",
  value: "FILE",
  summary: "The configuration; else SLOTD_CONFIG, ./slotd.toml or /etc/slotd/slotd.toml.",
};

const json: CommandOption = { name: "json", summary: "Prints JSON instead of text." };
const jid: CommandOption = { name: "jid", value: "JID", summary: "One bare JID." };

/** Every command, in the order of the help. Each is loaded only when it runs. */
export const commands: readonly Command[] = [
  {
    name: "serve",
    summary: "Connects to the XMPP server and answers slot requests until it is stopped.",
    options: [config],
    run: async (args, io) => (await import("./commands/serve.ts")).run(args, io),
  },
  {
    name: "init",
    summary: "Writes a commented slotd.toml, and says what to add to the XMPP server.",
    options: [
      {
        name: "domain",
        value: "DOMAIN",
        isRepeatable: true,
        summary: "An XMPP domain to serve; may be repeated. Default: example.org.",
      },
      {
        name: "for",
        value: "SERVER",
        choices: serverNames,
        summary: `Your XMPP server: ${serverNames.join(", ")}. Default: prints what belongs to each of them.`,
      },
      {
        name: "public-url",
        value: "URL",
        summary: "What clients reach slotd's HTTP server by. Default: https://upload.@HOST@.",
      },
      {
        name: "disk-path",
        value: "FOLDER",
        summary:
          "Where slotd keeps the files. Default: /var/lib/slotd for a file in /etc, else data beside the file.",
      },
      {
        name: "proxy",
        value: "PROXY",
        choices: proxies,
        summary: "The reverse proxy to print the lines for: nginx, caddy or haproxy. Default: nginx.",
      },
      { name: "s3", summary: "Writes a configuration for an S3 bucket, to be filled in." },
      {
        name: "from",
        value: "FILE",
        summary:
          "Takes over mod_http_upload from a MongooseIM configuration, mongooseim.cfg or mongooseim.toml.",
      },
      { name: "config", value: "FILE", summary: "The file to write. Default: ./slotd.toml." },
      { name: "force", summary: "Writes over a file that exists." },
    ],
    run: async (args, io) => (await import("./commands/init.ts")).run(args, io),
  },
  {
    name: "slot",
    summary: "Prints the URLs of a slot and a curl line that tries them, without any XMPP.",
    options: [
      { name: "domain", value: "DOMAIN", isRequired: true, summary: "One of the domains served." },
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
        summary: "How long the PUT URL is valid. Default: expiration_time.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/slot.ts")).run(args, io),
  },
  {
    name: "check",
    summary: "Tries the configuration for real, and says what holds, what does not, and what to do.",
    options: [
      { name: "domain", value: "DOMAIN", summary: "Only this one of the domains served." },
      { name: "fix", summary: "Puts CORS, bucket policy and lifecycle rules where they are missing." },
      { name: "json", summary: "Prints the findings as JSON." },
      {
        name: "ca",
        value: "FILE",
        summary: "Trusts the authorities in this PEM file too, for HTTPS: those of a private CA.",
      },
      { name: "origin", value: "ORIGIN", summary: "The origin of a web client, for CORS. Default: any." },
      config,
    ],
    run: async (args, io) => (await import("./commands/check.ts")).run(args, io),
  },
  {
    name: "rotate-key",
    summary: "Makes a new key that signs slotd's own PUT URLs; slots of the former one stay valid.",
    options: [
      { name: "domain", value: "DOMAIN", summary: "Only the keys of this domain. Default: all." },
      { name: "forget", summary: "Removes the former keys at once: slots that they signed are void." },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/rotate-key.ts")).run(args, io),
  },
  {
    name: "reload",
    summary: "Has the running slotd read its configuration anew; it is put in force whole, or refused.",
    options: [
      { name: "socket", value: "PATH", summary: "The running slotd's control socket. Default: ops.socket." },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/reload.ts")).run(args, io),
  },
  {
    name: "usage",
    summary: "Prints who holds how much, by JID and purpose.",
    options: [
      { ...jid, summary: "Only this bare JID." },
      { name: "domain", value: "DOMAIN", summary: "Only this served domain." },
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
        summary: "Only those for message, profile, ephemeral or permanent.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/files.ts")).run(args, io),
  },
  {
    name: "delete",
    summary: "Deletes one file.",
    operand: { value: "URL|TOKEN", summary: "Its GET URL, or the token in it." },
    options: [json, config],
    run: async (args, io) => (await import("./commands/delete.ts")).run(args, io),
  },
  {
    name: "purge",
    summary: "Deletes every file of a JID, such as one whose account is gone.",
    options: [{ ...jid, isRequired: true }, json, config],
    run: async (args, io) => (await import("./commands/purge.ts")).run(args, io),
  },
  {
    name: "sweep",
    summary: "Deletes expired files now; a running slotd with a ledger does so by itself.",
    options: [{ name: "dry-run", summary: "Only counts them." }, json, config],
    run: async (args, io) => (await import("./commands/sweep.ts")).run(args, io),
  },
  {
    name: "reconcile",
    summary: "Compares the ledger and the store both ways; ends with 1 when they differ.",
    options: [
      { name: "fix", summary: "Makes the ledger say what the store has." },
      {
        name: "delete-unknown",
        summary: "With --fix: deletes files that the ledger does not know, instead of entering them.",
      },
      {
        name: "forget-many",
        summary:
          "With --fix: forgets missing files also if they are more than 1 % of all, or if it is another store.",
      },
      {
        name: "delete-many",
        summary: "With --delete-unknown: deletes unknown files also if they are more than 1 % of all.",
      },
      json,
      config,
    ],
    run: async (args, io) => (await import("./commands/reconcile.ts")).run(args, io),
  },
  {
    name: "config",
    summary: "Prints the options in force as TOML, without secrets.",
    options: [json, config],
    run: async (args, io) => (await import("./commands/config.ts")).run(args, io),
  },
  {
    name: "completion",
    summary: "Prints the script that completes the command line of slotd in a shell.",
    operand: { value: "SHELL", summary: "bash, zsh or fish.", choices: ["bash", "zsh", "fish"] },
    options: [],
    run: async (args, io) => (await import("./commands/completion.ts")).run(args, io, commands),
  },
];
