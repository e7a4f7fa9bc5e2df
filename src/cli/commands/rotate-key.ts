import { type RotatedFile, rotateKeys } from "../../app/rotate-keys.ts";
import type { Arguments, CommandIo } from "../command.ts";
import { loadOrReport } from "../load-or-report.ts";
import { servedDomain } from "../served-domain.ts";
import { jsonText } from "../table.ts";

/** `slotd rotate-key`: a new key signs slotd's own PUT URLs; the former ones verify until no slot needs them. */
export async function run(args: Arguments, io: CommandIo): Promise<number> {
  const config = loadOrReport(args, io);
  if (config === undefined) return 1;
  const domain = servedDomain(args, config)?.domain;
  const deps = { now: () => io.now(), randomBytes: (length: number) => Buffer.from(io.randomBytes(length)) };
  const rotated = await rotateKeys(config, domain, args.has("forget"), deps);
  if (rotated.length === 0) {
    io.stderr(
      'slotd: there are no keys to rotate: all uploads go directly to a bucket. Rotate its keys in the store; see "Keys" in docs/s3.md.\n',
    );
    return 1;
  }
  if (args.has("json")) {
    io.stdout(jsonText({ files: rotated }));
    return 0;
  }
  for (const file of rotated) io.stdout(report(file));
  io.stdout("A running slotd uses the new keys within two seconds, without a reload.\n");
  return 0;
}

function report({ path, signs, verify, removed }: RotatedFile): string {
  const lines = [
    `${path}:`,
    `  signs from now on: ${signs}`,
    ...verify.map((id) => `  still verifies:    ${id}`),
    ...removed.map((id) => `  removed:           ${id}`),
  ];
  return `${lines.join("\n")}\n`;
}
