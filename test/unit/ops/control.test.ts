import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlServer, sendCommand, startControl } from "../../../src/ops/control.ts";

let folder: string;
let path: string;
let server: ControlServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-control-"));
  path = join(folder, "s.sock");
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const start = async (): Promise<void> => {
  server = await startControl(path, (command) =>
    command === "reload"
      ? Promise.resolve({ isDone: false, text: "no\nnever" })
      : command === "throw"
        ? Promise.reject(new Error("broken"))
        : undefined,
  );
};

test("answers a command, an unknown one and one that fails", async () => {
  await start();
  expect(await sendCommand(path, "reload")).toEqual({ isDone: false, text: "no\nnever" });
  expect((await sendCommand(path, "dance")).text).toContain('does not know the command "dance"');
  expect(await sendCommand(path, "throw")).toEqual({ isDone: false, text: "broken" });
});

test("is for its owner only, and gone at the end", async () => {
  await start();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await server?.stop();
  expect(existsSync(path)).toBe(false);
});

test("replaces what a dead slotd left, and leaves a living one's alone", async () => {
  writeFileSync(path, "");
  await start();
  await expect(startControl(path, () => undefined)).rejects.toThrow("another slotd uses the control socket");
  expect((await sendCommand(path, "reload")).isDone).toBe(false);
});

test("says what is wrong when nobody listens, or the folder is not there", async () => {
  await expect(sendCommand(path, "reload")).rejects.toThrow(`no response from a slotd at ${path}`);
  await expect(startControl(join(folder, "no/s.sock"), () => undefined)).rejects.toThrow(
    "cannot create the control socket",
  );
});

test("ends a connection that sends too much without a line", async () => {
  await start();
  const socket = connect({ path }, () => socket.write("x".repeat(2000)));
  await new Promise((resolve) => socket.once("close", resolve).on("error", () => undefined));
  expect((await sendCommand(path, "reload")).isDone).toBe(false);
});
