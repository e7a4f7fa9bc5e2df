import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { slotMakerContract } from "../contract/slot-maker.ts";
import { leaksIn } from "../peers/leaks.ts";
import { freePorts, isPortOpen } from "../peers/ports.ts";
import { makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import { prosodyDomains, startProsodyMakers } from "../peers/servers/slot-makers.ts";
import type { XmppServer } from "../peers/servers/xmpp-server.ts";
import { receiversConfig, type Slotd, startSlotd, withoutXmpp } from "../peers/slotd.ts";

/** Not ASCII: the key is its UTF-8. One for each protocol. */
const secrets = { v1: "geheim ä 1", v2: "geheim ä 2", jwt: "geheim ä 3" };

let server: XmppServer;
let slotd: Slotd;
let folder: string;
const bases: Record<keyof typeof prosodyDomains, string> = { v1: "", v2: "", jwt: "" };

beforeAll(async () => {
  folder = makeFolder("files");
  const [http = 0, none = 0] = await freePorts(2);
  const protocols = ["v1", "v2", "jwt"] as const;
  for (const protocol of protocols) bases[protocol] = `http://127.0.0.1:${http}/${protocol}/`;
  const tables = protocols.map((protocol) =>
    receiversConfig(protocol, {
      ...{ protocol, url: bases[protocol], secret: secrets[protocol] },
      domain: prosodyDomains[protocol],
    }),
  );
  slotd = await startSlotd({
    config: `
domains = ${JSON.stringify(Object.values(prosodyDomains))}
backend = "disk"
max_file_size = "1MiB"
${withoutXmpp(none)}
[http]
listen = "127.0.0.1:${http}"
${tables.join("")}`,
    components: 0,
    env: { SLOTD_LOG_LEVEL: "debug" },
  });
  await waitUntil("slotd to listen", () => isPortOpen(http));
  server = await startProsodyMakers({ bases, secrets });
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await slotd?.stop();
  removeFolder(folder);
}, 30_000);

const under = (protocol: keyof typeof prosodyDomains, signsName: boolean, wrongLength: number) => () => ({
  ...{ server, folder, signsName, wrongLength },
  ...{ domain: prosodyDomains[protocol], base: bases[protocol] },
});

slotMakerContract("Prosody's mod_http_upload_external, v1", under("v1", true, 403));
slotMakerContract("Prosody's mod_http_upload_external, v2", under("v2", true, 403));
slotMakerContract("Prosody's mod_http_file_share with a base URL", under("jwt", false, 400));

test("no secret, token or URL is in slotd's log, at debug level", async () => {
  const log = await Bun.file(join(slotd.folder, "slotd.log")).text();
  expect(log).toContain("Stored an upload.");
  expect(leaksIn(log, Object.values(secrets))).toEqual([]);
});
