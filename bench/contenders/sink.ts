import { join } from "node:path";
import { makeCertificates } from "../../test/peers/certificates.ts";
import { allOpen, freePorts } from "../../test/peers/ports.ts";
import { makeFolder, removeFolder, startProcess } from "../../test/peers/process.ts";
import type { FileService } from "./file-services.ts";

/** A server that takes every upload and keeps none, and has files of every size. */
export async function sinkService(isTls: boolean): Promise<FileService> {
  const [port = 0] = await freePorts(1);
  const folder = makeFolder("sink");
  const { chain, key } = makeCertificates(folder, ["localhost"]);
  const script = join(import.meta.dirname, "sink-server.ts");
  const server = await startProcess({
    name: "sink",
    command: [process.execPath, script, String(port), ...(isTls ? [chain, key] : [])],
    folder,
    isReady: allOpen([port]),
  });
  const origin = `${isTls ? "https" : "http"}://127.0.0.1:${port}`;
  return {
    pid: server.pid,
    targets: async (count, size) =>
      Array.from({ length: count }, () => ({
        putUrl: `${origin}/file`,
        getUrl: `${origin}/${size}`,
        headers: [],
      })),
    async stop() {
      await server.stop();
      removeFolder(folder);
    },
  };
}
