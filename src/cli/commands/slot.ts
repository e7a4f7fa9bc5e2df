import { makeSlotByHand } from "../../app/slot-by-hand.ts";
import { createLog } from "../../ops/log.ts";
import { readSlotRequest } from "../../slot/slot-request.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { loadOrReport } from "../load-or-report.ts";

/**
 * `slotd slot`: makes a slot with the configured bucket, whoever may ask for one and however large, so that an
 * operator can try the bucket.
 *
 * @throws {UsageError} for a value that no slot can have, and for a domain that is not served.
 */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const request = readSlotRequest({
    filename: args.required("filename"),
    size: args.required("size"),
    contentType: args.text("content-type"),
  });
  if ("kind" in request) throw new UsageError(request.text);
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  const name = args.required("domain").toLowerCase();
  const domain = config.domains.find((served) => served.domain === name);
  if (domain === undefined) {
    const served = config.domains.map((each) => each.domain);
    throw new UsageError(`${name} is not among the domains served: ${served.join(", ")}.`);
  }
  const slot = await makeSlotByHand(
    { ...domain, expirationTime: args.number("expires") ?? domain.expirationTime },
    request,
    createLog({ level: "info", format: "text" }, io.stderr).logger,
  );
  const type =
    request.contentType === undefined ? "" : ` -H ${quote(`Content-Type: ${request.contentType}`)}`;
  io.stdout(`PutURL: ${slot.putUrl}\nGetURL: ${slot.getUrl}\n`);
  io.stdout(
    `curl${type} -T ${quote(fileArgument(request.filename))} ${quote(slot.putUrl)} && curl ${quote(slot.getUrl)} | wc -c\n`,
  );
  return 0;
}

/** curl takes "-" and "." for standard input. */
function fileArgument(filename: string): string {
  return filename.startsWith("-") || filename === "." ? `./${filename}` : filename;
}

/** A word for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
