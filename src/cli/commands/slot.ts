import { makeSlotByHand } from "../../app/slot-by-hand.ts";
import { createLog } from "../../ops/log.ts";
import { readSlotRequest } from "../../slot/slot-request.ts";
import { type Arguments, type CommandIo, UsageError } from "../command.ts";
import { loadOrReport } from "../load-or-report.ts";
import { servedDomain } from "../served-domain.ts";
import { jsonText } from "../table.ts";

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
  const domain = servedDomain(args, config);
  if (domain === undefined) throw new Error("--domain is marked as required");
  const slot = await makeSlotByHand(
    { ...domain, expirationTime: args.number("expires") ?? domain.expirationTime },
    request,
    createLog({ level: "info", format: "text" }, io.stderr).logger,
  );
  if (args.has("json")) {
    const { putUrl, getUrl } = slot;
    io.stdout(jsonText({ putUrl, getUrl, contentType: request.contentType }));
    return 0;
  }
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
