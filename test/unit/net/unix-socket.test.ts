import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listenOnUnix } from "../../../src/net/unix-socket.ts";

let folder: string;
let path: string;
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-socket-"));
  path = join(folder, "s.sock");
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

/** A server that says its name to who connects. */
async function start(name: string) {
  const server = createServer((socket) => socket.end(name));
  servers.push(server);
  return { server, own: await listenOnUnix(server, path, 0o620) };
}

function ask(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("data", (chunk: Buffer) => resolve(chunk.toString()));
    socket.on("error", (error) => resolve(error.message));
  });
}

test("the socket has its permissions, and nothing else is left beside it", async () => {
  await start("one");
  expect(statSync(path).mode & 0o777).toBe(0o620);
  expect(readdirSync(folder)).toEqual(["s.sock"]);
});

test("a server that ends leaves its successor's socket alone, in whatever order they go", async () => {
  const one = await start("one");
  one.server.close();
  const two = await start("two");
  two.server.close();
  const three = await start("three");
  one.own.remove();
  two.own.remove();
  expect(await ask()).toBe("three");
  three.server.close();
  three.own.remove();
  expect(existsSync(path)).toBe(false);
});

test("a socket that somebody answers on is left alone", async () => {
  await start("one");
  await expect(start("two")).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(await ask()).toBe("one");
  expect(readdirSync(folder)).toEqual(["s.sock"]);
});

test("of many that come at once to a dead socket one gets it, and serves", async () => {
  const dead = spawnSync(process.execPath, [
    "-e",
    `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  expect([dead.signal, existsSync(path)]).toEqual(["SIGKILL", true]);
  const names = Array.from({ length: 20 }, (_, i) => `server ${i}`);
  const started = await Promise.allSettled(names.map(start));
  const won = names.filter((_, i) => started[i]?.status === "fulfilled");
  expect(won).toEqual([await ask()]);
});

test("what is there and no socket is replaced, as a socket that nobody listens on is", async () => {
  writeFileSync(path, "");
  await start("one");
  expect(await ask()).toBe("one");
});
