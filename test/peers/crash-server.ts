// A bucket on disk in a process of its own, for the crash test: FOLDER PORT CREDENTIALS
import { randomBytes } from "node:crypto";
import { startHttpServer } from "../../src/http/http-server.ts";
import { openDiskStore } from "../../src/store/disk-store.ts";

const [folder = "", port = "", json = ""] = process.argv.slice(2);
const { accessKeyId, secretAccessKey } = JSON.parse(json);
const deps = { now: () => new Date(), randomBytes };

await startHttpServer({
  listen: { host: "127.0.0.1", port: Number(port) },
  buckets: [
    {
      publicUrls: [`http://127.0.0.1:${port}`],
      store: await openDiskStore(folder, deps, { fsync: true, reserve: 1 }),
      keys: [{ value: [{ accessKeyId, secretAccessKey }] }],
      region: "local",
      maxFileSize: () => undefined,
    },
  ],
  now: deps.now,
  onEvent: () => undefined,
  reference: () => "crash",
});
