import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { createLog, withoutTokens } from "../../../src/ops/log.ts";
import { unprintable } from "../../../src/slot/printable.ts";

const token = "0123456789abcdef".repeat(4);

function opened(format: "text" | "json") {
  const lines: string[] = [];
  const log = createLog({ level: "info", format }, (line) => lines.push(line));
  return { log, lines };
}

test("is one line of JSON an event, with time, level and message", () => {
  const { log, lines } = opened("json");
  log.logger.info({ host: "upload.example.org" }, "Connected.\nReally.");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toEndWith("\n");
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    host: "upload.example.org",
    msg: "Connected.\nReally.",
  });
});

test("is readable in a terminal", () => {
  const { log, lines } = opened("text");
  log.logger.warn({ host: "a.org", size: 5 }, "Hm.");
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}Hm\. \(host=a\.org size=5\)\n$/);
});

test("takes another level and format while it runs", () => {
  const { log, lines } = opened("json");
  log.logger.debug("unheard");
  log.use({ level: "debug", format: "text" });
  log.logger.debug("heard");
  expect(lines).toEqual([expect.stringMatching(/debug heard\n$/)]);
});

const forged = "x\n12:00:00 info  Stored an upload. (size=1)\x9b2J\u2028\u202e";

test("as text lets no value begin a line, steer the terminal, or pass for another field", () => {
  const { log, lines } = opened("text");
  const fields = { jid: forged, host: "a.org", empty: "", other: 'b" size=9', list: [forged], [forged]: 1 };
  log.logger.warn({ ...fields, err: Object.assign(new Error(forged), { code: forged }) }, `No: ${forged}.`);
  const text = lines.join("");
  expect(text.split("\n").filter((line) => /^\d\d:\d\d:\d\d /.test(line))).toHaveLength(1);
  expect(text.replaceAll("\n", "").search(unprintable)).toBe(-1);
  expect(text).toContain(' host=a.org empty="" other="b\\" size=9" ');
  expect(text).toContain('jid="x\\\\u{A}12:00:00 info');
  expect(text).toMatch(/\n {4}at /);
});

test("as JSON steers no terminal, and says the same", () => {
  const { log, lines } = opened("json");
  log.logger.warn({ jid: forged }, forged);
  expect((lines[0] ?? "").slice(0, -1).search(unprintable)).toBe(-1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ jid: forged, msg: forged });
});

test.each(["text", "json"] as const)("as %s keeps a bounded part of what is long", (format) => {
  const { log, lines } = opened(format);
  const long = "\u202e".repeat(1_000_000);
  const err = Object.assign(new Error(long), { list: Array(10_000).fill("x") });
  log.logger.warn({ jid: long, list: Array(10_000).fill("x"), err }, long);
  expect(lines).toHaveLength(1);
  expect((lines[0] ?? "").length).toBeLessThan(100_000);
  if (format === "json") expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn" });
});

test("shortens the tokens in a system's errors, in the message, the path, the stack and the causes", async () => {
  const { log, lines } = opened("json");
  const cause = await readFile(`/nowhere/${token}`).catch((error: unknown) => error);
  log.logger.error({ err: new Error(`Cannot read ${token}.`, { cause }) }, "Failed.");
  log.use({ level: "info", format: "text" });
  log.logger.error({ err: cause }, "Failed.");
  const text = lines.join("");
  expect(text).toContain("/nowhere/01234567…");
  expect(text).toContain("Cannot read 01234567….");
  expect(text).not.toContain(token.slice(0, 16));
});

test("leaves short hex and words alone", () => {
  expect(withoutTokens("cafe 0123abcd upload.example.org")).toBe("cafe 0123abcd upload.example.org");
});
