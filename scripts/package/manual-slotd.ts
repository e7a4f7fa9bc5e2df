import type { Command } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { operandCall } from "../../src/cli/help.ts";
import { jsonKeys } from "../../src/cli/json-keys.ts";
import { version } from "../../src/version.ts";
import { bold, example, head, italic, plain, prose, section, subsection, tagged } from "./roff.ts";

/** The page slotd(1), made from the table of commands. @param date of the release, as 2026-11-25. */
export function manualOfSlotd(date: string): string {
  return `${[
    head("SLOTD", 1, date, version),
    section("NAME", "slotd \\- HTTP File Upload (XEP\\-0363) for any XMPP server"),
    section(
      "SYNOPSIS",
      `.B slotd\n${italic("COMMAND")} [${italic("OPTION")}]...`,
      ".br",
      `.B slotd help\n${italic("COMMAND")}`,
      ".br",
      ".B slotd \\-\\-version",
    ),
    section(
      "DESCRIPTION",
      prose(
        'slotd connects to an XMPP server as an external component (XEP-0114), decides who may upload which file, and responds with a PUT URL signed with AWS Signature Version 4. With `backend = "disk"`, slotd\'s own HTTP server receives and serves the files; with `backend = "s3"`, clients upload directly to a bucket.',
      ),
      ".PP",
      prose("The configuration is a TOML file; slotd.toml(5) describes every option."),
    ),
    section("COMMANDS", ...commands.map(describe)),
    section("EXIT STATUS", ...exitCodes.map(({ code, meaning }) => tagged(bold(code), prose(meaning)))),
    section(
      "ENVIRONMENT",
      tagged(bold("SLOTD_CONFIG"), prose("The configuration file, if `--config` is not given.")),
      tagged(
        `${bold("SLOTD_")}${italic("OPTION")}`,
        prose("Any option, such as `SLOTD_XMPP_SECRET` for `xmpp.secret`; it overrides the file."),
      ),
    ),
    section(
      "FILES",
      tagged(
        italic("/etc/slotd/slotd.toml"),
        "The configuration, if there is no ./slotd.toml and no other file is named.",
      ),
      tagged(italic("/var/lib/slotd"), "Files, keys and the ledger, under the systemd unit."),
      tagged(
        italic("/run/slotd/slotd.sock"),
        prose("The control socket, over which `slotd reload` and `slotd check` contact the running slotd."),
      ),
    ),
    section(
      "EXAMPLES",
      "A first start:",
      ".PP",
      example("slotd init --domain example.org\nslotd check\nslotd serve"),
      ".PP",
      "Completion in the current bash:",
      ".PP",
      example("source <(slotd completion bash)"),
    ),
    section(
      "SEE ALSO",
      ".BR slotd.toml (5),\n.BR systemctl (1)",
      ".PP",
      italic("https://xmpp.org/extensions/xep-0363.html"),
    ),
  ].join("\n")}\n`;
}

function describe(command: Command): string {
  const { name, summary, options, operands = [] } = command;
  const words = [name, ...operands.map(operandCall)];
  return subsection(
    `slotd ${words.join(" ")}`,
    prose(summary),
    ...operands.map((operand) => tagged(italic(operand.value), prose(operand.summary))),
    ...options.map((option) =>
      tagged(
        `${bold(`--${option.name}`)}${option.value === undefined ? "" : ` ${italic(option.value)}`}`,
        `${prose(option.summary)}${option.isRequired === true ? " Required." : ""}`,
      ),
    ),
    ...jsonOf(name),
  );
}

function jsonOf(name: string): string[] {
  const keys = jsonKeys[name];
  if (keys === undefined) return [];
  return [
    ".PP",
    `Keys of ${bold("--json")}:`,
    ...Object.entries(keys).map(([key, meaning]) => tagged(plain(key), prose(meaning))),
  ];
}
