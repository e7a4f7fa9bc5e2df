import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../src/cli/main.ts";
import { listening } from "../../../src/net/listening.ts";
import { fakeIo } from "../cli/fake-io.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-start-"));
  writeFileSync(join(folder, "file"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What slotd logs last when it cannot start. */
async function start(changes: { listen?: string; ops?: string; path?: string }) {
  const { listen = "127.0.0.1:0", ops = "127.0.0.1:0", path = "data" } = changes;
  writeFileSync(
    join(folder, "slotd.toml"),
    `domains = ["a.example"]
backend = "disk"
xmpp = { secret = "hush", address = "127.0.0.1:9" }
http.listen = "${listen}"
http.public_url = "https://upload.a.example"
ops = { listen = "${ops}", socket = "s.sock" }
disk.path = "${path}"
ledger.url = "none"
`,
  );
  const io = fakeIo(folder);
  expect(await main(["serve"], io)).toBe(1);
  return JSON.parse(io.out().trim().split("\n").at(-1) ?? "{}");
}

describe("slotd says which option it cannot start by, and shows no trace", () => {
  test("a port in use", async () => {
    const other = createServer();
    await listening(other, () => other.listen(0, "127.0.0.1"));
    const at = other.address();
    const address = `127.0.0.1:${typeof at === "object" && at !== null ? at.port : 0}`;
    try {
      for (const [option, line] of [
        ["http.listen", await start({ listen: address })],
        ["ops.listen", await start({ ops: address })],
      ] as const) {
        expect(line).toMatchObject({ level: "error", option, code: "EADDRINUSE" });
        expect(line.msg).toBe(
          `slotd cannot start: ${option} = "${address}": another program listens there, perhaps another slotd. Stop it, or choose another address.`,
        );
        expect(line).not.toHaveProperty("err");
      }
    } finally {
      other.close();
    }
  });

  test("an address that this machine does not have", async () => {
    expect(await start({ listen: "192.0.2.1:5080" })).toMatchObject({
      option: "http.listen",
      code: "EADDRNOTAVAIL",
    });
  });

  test.each([
    ["file", "EEXIST", "a file with that name exists"],
    ["file/below", "ENOTDIR", "a file with that name exists"],
    ["/proc/none", "ENOENT", "slotd cannot create it there"],
  ])("disk.path = %s", async (path, code, text) => {
    const line = await start({ path });
    expect(line).toMatchObject({ option: "disk.path", code, msg: expect.stringContaining(text) });
    expect(line).not.toHaveProperty("err");
  });
});
