import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { record } from "./metadata/write-list.ts";
import { filesOf, freshFolder, runSource, sha256Of, skipsOf } from "./run-source.ts";

let data: string;
beforeEach(() => {
  data = freshFolder();
  mkdirSync(join(data, "http_upload"));
});
afterEach(() => rmSync(data, { recursive: true }));

const time = 1_795_545_154;

function put(path: string, content = "x"): void {
  mkdirSync(join(data, path, ".."), { recursive: true });
  writeFileSync(join(data, path), content);
}

const read = () => runSource("prosody-http-upload", data);
const upload = (dir: string, filename: string): string => record({ filename, dir, size: 1, time });

describe("Prosody's old mod_http_upload", () => {
  test("has the lists of all hosts and users beside one pool of files", async () => {
    put("http_upload/D1/a+b%20c.txt", "one");
    put("http_upload/0b0f9dd6-6f3d-4f1c-9f0a-0f6f3e1d2c4b/b");
    put("example%2eorg/http_upload/alice.list", upload("D1", "a+b%20c.txt"));
    put("other%2eorg/http_upload/zo%c3%ab.list", upload("0b0f9dd6-6f3d-4f1c-9f0a-0f6f3e1d2c4b", "b"));
    const [b, a] = filesOf(await read());
    expect(a).toMatchObject({
      ...{ address: { path: "D1/a+b%20c.txt" }, filename: "a+b%20c.txt", owner: "alice@example.org" },
      ...{
        contentType: "text/plain",
        isTypeGuessed: true,
        isNameAltered: false,
        uploaded: new Date(time * 1000),
      },
    });
    // It served what has no ending without a type.
    expect(b).toMatchObject({ owner: "zoë@other.org", contentType: undefined, isTypeGuessed: true });
    if (a !== undefined) expect(await sha256Of(a)).toStartWith("7692c3ad3540bb80");
  });

  test("takes a file that is in no list, which it served too, for the file of nobody", async () => {
    put("http_upload/D/lost.jpg");
    expect(await read()).toMatchObject([{ kind: "file", owner: undefined, address: { path: "D/lost.jpg" } }]);
  });

  test("reports slots that were not used, and what is not where its files are", async () => {
    mkdirSync(join(data, "http_upload/D1"));
    put("http_upload/stray");
    put("http_upload/D2/deeper/file");
    put("example%2eorg/http_upload/alice.list", upload("D1", "never.jpg"));
    expect(skipsOf(await read())).toEqual([
      "http_upload/D1/never.jpg: metadata-without-file",
      "http_upload/D1: junk",
      "http_upload/D2/deeper: not-reachable",
      "http_upload/stray: not-reachable",
    ]);
  });

  test("reads very old records, whose name is a whole path", async () => {
    put("http_upload/UUID/a.jpg");
    const filename = "/var/lib/prosody/http_upload/UUID/a.jpg";
    put("example%2eorg/http_upload/alice.list", record({ filename, size: 1, time }));
    expect(await read()).toMatchObject([{ owner: "alice@example.org", address: { path: "UUID/a.jpg" } }]);
  });

  test("takes each file once, and says when two records name it", async () => {
    put("http_upload/D/a");
    put("example%2eorg/http_upload/alice.list", upload("D", "a") + upload("D", "a"));
    const items = await read();
    expect(filesOf(items)).toHaveLength(1);
    expect(skipsOf(items)).toEqual(["http_upload/D/a: malformed-metadata"]);
  });

  test("leads nowhere else by what its lists say", async () => {
    put("secret");
    put("x/secret");
    symlinkSync(join(data, "x"), join(data, "http_upload/link"));
    const paths = [
      ["..", "secret"],
      [".", "secret"],
      ["", "secret"],
      ["../x", "secret"],
      ["x", "../secret"],
    ] as const;
    const records = paths.map(([dir, filename]) => upload(dir, filename));
    put("example%2eorg/http_upload/%2e%2e.list", [...records, upload("link", "secret")].join(""));
    const items = await read();
    expect(filesOf(items)).toEqual([]);
    expect(skipsOf(items)).toEqual([
      ...Array.from({ length: 5 }, () => "example%2eorg/http_upload/%2e%2e.list: malformed-metadata"),
      "http_upload/link/secret: metadata-without-file",
      "http_upload/link: not-a-regular-file",
    ]);
  });

  test("takes a name that is not encoded as Prosody does for no owner's", async () => {
    put("http_upload/D/a");
    put("example.org/http_upload/alice.list", upload("D", "a"));
    expect(await read()).toMatchObject([{ kind: "file", owner: undefined, uploaded: new Date(time * 1000) }]);
  });

  test("is left alone by the other stores of a host", async () => {
    put("http_upload/D/a");
    put("example%2eorg/accounts/alice.dat", "secret");
    put("example%2eorg/http_upload/alice.list", upload("D", "a"));
    put("example%2eorg/http_upload/alice.dat", "other");
    expect(await read()).toHaveLength(1);
  });

  test("needs its folder", async () => {
    rmSync(join(data, "http_upload"), { recursive: true });
    await expect(read()).rejects.toThrow("with the folder http_upload");
  });
});
