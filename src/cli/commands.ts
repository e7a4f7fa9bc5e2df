import type { Command, CommandOption } from "./command.ts";

const config: CommandOption = {
  name: "config",
  value: "FILE",
  summary: "The configuration; else SLOTD_CONFIG, ./slotd.toml or /etc/slotd/slotd.toml.",
};

/** Every command, in the order of the help. Each is loaded only when it runs. */
export const commands: readonly Command[] = [
  {
    name: "serve",
    summary: "Connects to the XMPP server and answers slot requests until it is stopped.",
    options: [config],
    run: async (args, io) => (await import("./serve.ts")).run(args, io),
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
        name: "public-url",
        value: "URL",
        summary: "What clients reach slotd's HTTP server by. Default: https://upload.@HOST@.",
      },
      { name: "config", value: "FILE", summary: "The file to write. Default: ./slotd.toml." },
      { name: "force", summary: "Writes over a file that exists." },
    ],
    run: async (args, io) => (await import("./init.ts")).run(args, io),
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
      config,
    ],
    run: async (args, io) => (await import("./slot.ts")).run(args, io),
  },
  {
    name: "reload",
    summary: "Has the running slotd read its configuration anew; it is put in force whole, or refused.",
    options: [
      { name: "socket", value: "PATH", summary: "The running slotd's control socket. Default: ops.socket." },
      config,
    ],
    run: async (args, io) => (await import("./reload.ts")).run(args, io),
  },
  {
    name: "config",
    summary: "Prints the options in force as TOML, without secrets.",
    options: [config],
    run: async (args, io) => (await import("./config-command.ts")).run(args, io),
  },
];
