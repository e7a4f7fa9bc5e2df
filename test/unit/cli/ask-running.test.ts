import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCheckCommand } from "../../../src/check/running-slotd.ts";
import { askRunningAt } from "../../../src/cli/ask-running.ts";
import { type ControlHandler, startControl } from "../../../src/ops/control.ts";

const folder = mkdtempSync(join(tmpdir(), "slotd-ask-running-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const socket = join(folder, "slotd.sock");
const question = { host: "upload.example.org", nonce: "ab", login: "cd" };

async function askSlotd(handle: ControlHandler) {
  const server = await startControl(socket, handle);
  try {
    return await askRunningAt(socket)(question);
  } finally {
    await server.stop();
  }
}

test("the question arrives as it was, and so does the answer", async () => {
  const answer = { mark: "01234567", uid: 991, component: undefined };
  const asked: unknown[] = [];
  const got = await askSlotd((command) => {
    asked.push(readCheckCommand(command));
    return Promise.resolve({ isDone: true, text: JSON.stringify(answer) });
  });
  expect(asked).toEqual([question]);
  expect(got).toEqual(answer);
});

test("where no slotd runs, or a dead one has left its socket, there is none", async () => {
  expect(await askRunningAt(join(folder, "nowhere.sock"))(question)).toBeUndefined();
});

test("a slotd that does not know the question, or gives no answer, is not taken for none", async () => {
  expect(await askSlotd(() => undefined)).toMatchObject({
    text: expect.stringContaining("has another version"),
  });
  const silent = createServer((connection) => connection.end());
  const path = join(folder, "silent.sock");
  await new Promise<void>((resolve) => silent.listen(path, resolve));
  expect(await askRunningAt(path)(question)).toMatchObject({
    text: expect.stringContaining("The check does not log in beside it."),
  });
  silent.close();
});

test("what is no question is none", () => {
  for (const command of ["reload", "check", "check [", "check 1", "check null"]) {
    expect(readCheckCommand(command)).toBeUndefined();
  }
  expect(readCheckCommand('check {"host":1}')).toEqual({});
});
