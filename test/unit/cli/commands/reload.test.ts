import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { type ControlServer, startControl } from "../../../../src/ops/control.ts";
import { fakeIo } from "../fake-io.ts";

let folder: string;
let control: ControlServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-reload-"));
});
afterEach(async () => {
  await control?.stop();
  control = undefined;
  rmSync(folder, { recursive: true });
});

const config = (more: string) => `domains = ["a.example"]\nbackend = "disk"\nxmpp.secret = "hush"\n${more}`;

async function reload(toml: string, ...words: string[]) {
  writeFileSync(join(folder, "slotd.toml"), toml);
  const io = fakeIo(folder);
  const code = await main(["reload", ...words], io);
  return { code, out: io.out(), err: io.err() };
}

/** Listens as a slotd does, and keeps what it was asked. */
async function listen(): Promise<string[]> {
  const asked: string[] = [];
  control = await startControl(join(folder, "s.sock"), (command) => {
    asked.push(command);
    return Promise.resolve({ isDone: true, text: "slotd reloaded the configuration." });
  });
  return asked;
}

describe("slotd reload", () => {
  test("asks at the ops.socket of a configuration that has problems elsewhere", async () => {
    const asked = await listen();
    const { code } = await reload(config('token_bytes = 1\nops.socket = "s.sock"\n'));
    expect([code, asked]).toEqual([0, ["reload"]]);
  });

  test("says what is wrong with the configuration when nobody answers", async () => {
    const { code, err } = await reload(config('token_bytes = 1\nops.socket = "s.sock"\n'));
    expect(code).toBe(1);
    expect(err).toStartWith("slotd.toml:4: token_bytes: expected a whole number of bytes from 8 to 96");
    expect(err).toContain("slotd: the configuration has a problem.\n");
    expect(err).toContain(`slotd: no response from a slotd at ${join(folder, "s.sock")}`);
  });

  test("asks nobody when the file is no TOML, for its ops.socket is not known", async () => {
    const { code, err } = await reload(config('ops.socket = "s.sock\n'));
    expect(code).toBe(1);
    expect(err).toStartWith("slotd.toml:4:");
    expect(err).toEndWith("slotd: the command asked no slotd to reload it.\n");
  });

  test("names another way when nobody answers", async () => {
    const { code, err } = await reload(config('ops.socket = "s.sock"\n'));
    expect(code).toBe(1);
    expect(err).toContain("name that one with --socket PATH");
    expect(err).toContain("SIGHUP");
  });

  test("prints JSON, of an answer and of none", async () => {
    expect(JSON.parse((await reload(config('ops.socket = "s.sock"\n'), "--json")).out)).toEqual({
      reloaded: false,
      text: expect.stringContaining("no response"),
    });
    await listen();
    expect(JSON.parse((await reload("", "--socket", "s.sock", "--json")).out)).toEqual({
      reloaded: true,
      text: "slotd reloaded the configuration.",
    });
  });
});
