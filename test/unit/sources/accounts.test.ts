import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { readAccounts } from "../../../src/sources/accounts.ts";
import { SourceError } from "../../../src/sources/source.ts";
import { freshFolder } from "./run-source.ts";

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(content: string | Uint8Array, host?: string): Promise<string[]> {
  const path = join(folder, "accounts");
  writeFileSync(path, content);
  const accounts: string[] = [];
  for await (const account of readAccounts(path, host)) accounts.push(account);
  return accounts;
}

describe("a list of accounts", () => {
  test("has a JID on each line, among empty lines and comments", async () => {
    const list = "alice@example.org\r\n\n# from 2026\n  zoë@example.org\nbob@example.com";
    expect(await read(list)).toEqual(["alice@example.org", "zoë@example.org", "bob@example.com"]);
  });

  test("may be what ejabberdctl prints of a host", async () => {
    expect(await read("alice\no.brien+x\nbob@example.com\n", "example.org")).toEqual([
      "alice@example.org",
      "o.brien+x@example.org",
      "bob@example.com",
    ]);
  });

  test.each<readonly [string, string | Uint8Array, string | undefined]>([
    ["a name without a host", "a@example.org\nalice\n", undefined],
    ["a JID with a resource", "a@example.org\nalice@example.org/phone\n", undefined],
    ["a word with spaces and @", "a@example.org\nError: @ @\n", "example.org"],
    ["a line of 5,000 characters", `a@example.org\n${"x".repeat(5_000)}@example.org`, undefined],
    ["a line without an end", `a@example.org\n${"x".repeat(5_000_000)}`, "example.org"],
    ["bytes that are no UTF-8", Buffer.from("a@example.org\n\xff@example.org", "latin1"), undefined],
  ])("is refused by the number of a line that is %s", async (_, content, host) => {
    const failure = await read(content, host).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SourceError);
    expect(String(failure)).toContain("Line 2 of");
    expect(String(failure).length).toBeLessThan(300);
  });

  test("is refused when it is not there", async () => {
    const accounts = readAccounts(join(folder, "none"));
    await expect(accounts.next()).rejects.toThrow("cannot be read");
  });

  test("is read as it was written, wherever its pieces end", async () => {
    const name = fc.string({ unit: fc.constantFrom("a", "é", "日", "+"), minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 400, maxLength: 800 }), async (names) => {
        const jids = names.map((each) => `${each}@example.org`);
        expect(await read(jids.join("\n"))).toEqual(jids);
      }),
      { numRuns: 10 },
    );
  });
});
