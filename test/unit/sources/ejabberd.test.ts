import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FormerKindName } from "../../../src/address/former-kinds.ts";
import { accountsOf, filesOf, freshFolder, runSource, skipsOf } from "./run-source.ts";

let docroot: string;
beforeEach(() => {
  docroot = freshFolder();
});
afterEach(() => rmSync(docroot, { recursive: true }));

const random = "U9GJFm8p8Y2JYWxrPsbH62LFE5LdXnVbF2qQ4Car";
const sha1 = (jid: string): string => createHash("sha1").update(jid).digest("hex");

function put(path: string): void {
  mkdirSync(join(docroot, path, ".."), { recursive: true });
  writeFileSync(join(docroot, path), "x");
}

async function ownerOf(
  user: string,
  accounts?: readonly string[],
  kind: FormerKindName = "ejabberd",
): Promise<unknown> {
  rmSync(docroot, { recursive: true });
  put(`${user}/${random}/a.jpg`);
  const [file] = filesOf(
    await runSource(kind, docroot, accounts === undefined ? {} : { accounts: accountsOf(accounts) }),
  );
  return file?.owner;
}

describe("the owners of ejabberd's files", () => {
  test("are found by the hash of their JIDs", async () => {
    const accounts = ["alice@example.org", "zoë@example.org", "o.brien+x@example.org"];
    for (const jid of accounts) expect(await ownerOf(sha1(jid), accounts)).toBe(jid);
  });

  test("are found where ejabberd prepares a JID otherwise than slotd", async () => {
    const account = "alice@xn--bcher-kva.example";
    expect(await ownerOf(sha1(account), [account])).toBe("alice@bücher.example");
    expect(await ownerOf(sha1("alice@bücher.example"), [account])).toBe("alice@bücher.example");
  });

  test("are unknown without a list of accounts, and for accounts that were deleted", async () => {
    expect(await ownerOf(sha1("alice@example.org"))).toBeUndefined();
    expect(await ownerOf(sha1("deleted@example.org"), ["alice@example.org"])).toBeUndefined();
  });

  test.each([
    ["o.brien_x", ["o.brien+x@example.org", "alice@example.org"], "o.brien+x@example.org"],
    ["zoë", ["zoë@example.org"], "zoë@example.org"],
    // Two users of one host.
    ["o.brien_x", ["o.brien+x@example.org", "o.brien_x@example.org"], undefined],
    // One docroot for two hosts.
    ["alice", ["alice@example.org", "alice@example.com"], undefined],
    ["alice", ["alice@example.org", "alice@example.org"], "alice@example.org"],
    ["unknown", ["alice@example.org"], undefined],
  ])("are found by a user's name where exactly one account fits: %s of %p", async (user, accounts, owner) => {
    expect(await ownerOf(user, accounts)).toBe(owner);
  });

  test("are found by a hash before a name that looks like one", async () => {
    const hash = sha1("alice@example.org");
    expect(await ownerOf(hash, ["alice@example.org", `${hash}@example.org`])).toBe("alice@example.org");
    expect(await ownerOf(hash, [`${hash}@example.org`])).toBe(`${hash}@example.org`);
  });

  test("are found in the trees of receivers behind ejabberd", async () => {
    const accounts = ["alice@example.org"];
    const [hash] = accounts.map(sha1);
    const kinds = ["prosody-filer", "ngx-http-upload", "hmac-file-server", "folder"] as const;
    for (const kind of kinds) {
      expect(await ownerOf(`upload/${hash}`, accounts, kind)).toBe("alice@example.org");
    }
    expect(await ownerOf("alice", accounts, "prosody-filer")).toBe("alice@example.org");
    expect(await ownerOf("alice", accounts, "ngx-http-upload")).toBe("alice@example.org");
    // Any tree has folders with the names of people.
    expect(await ownerOf("alice", accounts, "folder")).toBeUndefined();
  });

  test("are looked up among 20,000 accounts, of which nothing stays on disk", async () => {
    const scratch = freshFolder();
    const jids = Array.from({ length: 20_000 }, (_, i) => `user${i}@example.org`);
    const users = [0, 777, 19_999].map((i) => sha1(`user${i}@example.org`));
    for (const user of users) put(`${user}/${random}/a.jpg`);
    const files = filesOf(await runSource("ejabberd", docroot, { accounts: accountsOf(jids), scratch }));
    expect(files.map(({ owner }) => owner).sort()).toEqual([
      "user0@example.org",
      "user19999@example.org",
      "user777@example.org",
    ]);
    expect(readdirSync(scratch)).toEqual([]);
    rmSync(scratch, { recursive: true });
  });
});

describe("ejabberd's files", () => {
  test("are at three segments; a thumbnail is one more", async () => {
    put(`alice/${random}/a.jpg`);
    put(`alice/${random}/0123456789.jpg`);
    put("stray");
    put("alice/stray");
    put(`alice/${random}/deeper/a.jpg`);
    mkdirSync(join(docroot, "alice", "empty"));
    const items = await runSource("ejabberd", docroot);
    expect(filesOf(items).map(({ address }) => address)).toEqual([
      { path: `alice/${random}/0123456789.jpg` },
      { path: `alice/${random}/a.jpg` },
    ]);
    expect(skipsOf(items)).toEqual([
      `alice/${random}/deeper: not-reachable`,
      "alice/empty: junk",
      "alice/stray: not-reachable",
      "stray: not-reachable",
    ]);
  });

  test.each([
    ["a.JPG", "image/jpeg"],
    ["a.tar.gz", "application/x-gzip"],
    ["evil.html", "application/octet-stream"],
    ["noending", "application/octet-stream"],
    [".txt", "text/plain"],
  ])("have the type that ejabberd said: %s is %s", async (name, contentType) => {
    put(`alice/${random}/${name}`);
    expect(await runSource("ejabberd", docroot)).toMatchObject([{ contentType, isTypeGuessed: true }]);
  });

  test("may have had another name where there is a _", async () => {
    put(`alice/${random}/tr_s.jpg`);
    put(`alice/${random}/plain.jpg`);
    const files = filesOf(await runSource("ejabberd", docroot));
    expect(files.map(({ isNameAltered }) => isNameAltered)).toEqual([false, true]);
  });
});
