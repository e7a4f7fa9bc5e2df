import type { Bench, Case, Goal } from "./bench.ts";
import { type FileService, nginxFiles } from "./contenders/file-services.ts";
import { receiverFiles } from "./contenders/receiver-files.ts";
import { sinkService } from "./contenders/sink.ts";
import { onServerCore } from "./cores.ts";
import { getLoad } from "./load/get-load.ts";
import { putLoad } from "./load/put-load.ts";
import { settleDisk } from "./load/settle.ts";

const SECONDS = 1;
const SIZE = 100 * 1024;
const CONNECTIONS = 16;
/** Few enough that the page cache takes them at once. */
const UPLOADS = 2_000;

/** Slots of a server's own module: PUT and GET beside nginx. */
export const receivers: Bench = {
  name: "receivers",
  description:
    "slotd as the receiver of slots that another server's module has signed (v1, the HMAC of path and size), as in " +
    "http-put and http-get: files of 100 KiB over 16 kept-alive connections, plain HTTP, beside nginx's DAV module, " +
    "which checks nothing, writes nothing down and syncs nothing. slotd verifies the token, looks whether the address " +
    "was used, writes the file into the ledger, and stores it with disk.fsync = false; with fsync for comparison.",
  needs: ["nginx", "wrk"],
  async open() {
    const services = {
      "slotd without fsync": await receiverFiles(false),
      nginx: await nginxFiles(false),
      "slotd with fsync": await receiverFiles(true),
      ceiling: await onServerCore(() => sinkService(false)),
    };
    return {
      cases: [putCase(services), await getCase(services)],
      async close() {
        for (const service of Object.values(services)) await service.stop();
      },
    };
  },
};

type Services = Readonly<
  Record<"slotd without fsync" | "nginx" | "slotd with fsync" | "ceiling", FileService>
>;

function goal(ratio: number): readonly Goal[] {
  return [{ against: "nginx", ratio }];
}

function putCase(services: Services): Case {
  const round = async (name: string, service: FileService): Promise<number> => {
    const targets = await service.targets(name.includes("with fsync") ? UPLOADS / 2 : UPLOADS, SIZE);
    await settleDisk();
    const rate = await putLoad(targets, SIZE, CONNECTIONS, SECONDS);
    return rate;
  };
  const contenders = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [name, () => round(name, service)]),
  );
  return {
    name: "PUT 100 KiB",
    unit: "requests/s",
    better: "more",
    contenders,
    goals: goal(0.9),
    warmUps: 4,
  };
}

async function getCase({ "slotd without fsync": slotd, nginx, ceiling }: Services): Promise<Case> {
  const contenders: Record<string, () => Promise<number>> = {};
  for (const [name, service] of Object.entries({ slotd, nginx, "ceiling: memory": ceiling })) {
    const targets = await service.targets(1, SIZE);
    const getUrl = targets[0]?.getUrl ?? "";
    await putLoad(targets, SIZE, 1, SECONDS);
    contenders[name] = () => getLoad(getUrl, CONNECTIONS, SECONDS);
  }
  return { name: "GET 100 KiB", unit: "requests/s", better: "more", contenders, goals: goal(1) };
}
