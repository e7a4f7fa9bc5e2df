import { createHmac, randomUUID } from "node:crypto";
import { join } from "node:path";
import { freePorts, isPortOpen } from "../../test/peers/ports.ts";
import { waitUntil } from "../../test/peers/process.ts";
import { receiversConfig, startSlotd, withoutXmpp } from "../../test/peers/slotd.ts";
import { onServerCore } from "../cores.ts";
import { DOMAIN, type FileService } from "./file-services.ts";

/**
 * slotd as the receiver of a server's own module that signs slots by v1, with files on disk, all else as configured
 * when nothing is said: the file is in the ledger, and its address is remembered.
 */
export async function receiverFiles(fsync: boolean): Promise<FileService> {
  const [port = 0, none = 0] = await freePorts(2);
  const [base, secret] = [`http://127.0.0.1:${port}/files/`, randomUUID()];
  const slotd = await onServerCore(() =>
    startSlotd({
      config: `
domains = ["${DOMAIN}"]
backend = "disk"
max_file_size = "1GiB"
disk.fsync = ${fsync}
${withoutXmpp(none)}
[http]
listen = "127.0.0.1:${port}"
${receiversConfig("bench", { protocol: "v1", url: base, secret, domain: DOMAIN })}`,
      components: 0,
    }),
  );
  await waitUntil("slotd to listen", () => isPortOpen(port));
  return {
    pid: slotd.process.pid,
    folder: join(slotd.folder, "data", "objects"),
    async targets(count, size) {
      return Array.from({ length: count }, () => {
        const path = `${randomUUID()}/photo.jpg`;
        const token = createHmac("sha256", secret).update(`${path} ${size}`).digest("hex");
        const getUrl = base + path;
        return { putUrl: `${getUrl}?v=${token}`, getUrl, headers: ["Content-Type: image/jpeg"] };
      });
    },
    stop: () => slotd.stop(),
  };
}
