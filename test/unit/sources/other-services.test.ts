import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressKey, readAddress } from "../../../src/address/address-key.ts";
import { filesOf, freshFolder, keyOf, runSource, skipsOf } from "./run-source.ts";

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, content: string | Buffer = "x"): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
}

describe("xmpp-http-upload", () => {
  const read = () => runSource("xmpp-http-upload", folder);
  const meta = (type: string): string => JSON.stringify({ headers: { "Content-Type": type } });

  test("has the type as it was sent, with parameters and capitals", async () => {
    put("UUID/a.txt.data");
    put("UUID/a.txt.meta", meta("Text/PLAIN; charset=UTF-8"));
    expect(await read()).toMatchObject([
      {
        address: { path: "UUID/a.txt" },
        filename: "a.txt",
        contentType: "Text/PLAIN; charset=UTF-8",
        isTypeGuessed: false,
      },
    ]);
  });

  test("pairs by cutting one ending, for a file may have it too", async () => {
    for (const name of ["x.data", "x.meta"]) {
      put(`UUID/${name}.data`);
      put(`UUID/${name}.meta`, meta("a/b"));
    }
    const files = filesOf(await read());
    expect(files.map(({ filename }) => filename)).toEqual(["x.data", "x.meta"]);
    expect(skipsOf(await read())).toEqual([]);
  });

  test("answers only where there are both", async () => {
    put("A/a.data");
    put("B/b.meta", meta("a/b"));
    put("C/c");
    put("..data");
    put("..meta");
    expect(skipsOf(await read())).toEqual([
      "..data: junk",
      "..meta: junk",
      "A/a.data: unfinished",
      "B/b.meta: metadata-without-file",
      "C/c: junk",
    ]);
  });

  test.each([
    ["no JSON", "{"],
    ["another JSON", "[]"],
    ["without headers", "{}"],
    ["over 16 KiB", JSON.stringify({ headers: { "Content-Type": "a/b", x: "x".repeat(16_384) } })],
    ["nested without an end", "[".repeat(16_000)],
  ])("reports a .meta that is %s", async (_, text) => {
    put("UUID/a.data");
    put("UUID/a.meta", text);
    expect(skipsOf(await read())).toEqual(["UUID/a.data: malformed-metadata"]);
  });

  test("keeps what is no type for none", async () => {
    put("UUID/a.data");
    put("UUID/a.meta", '{"headers":{"Content-Type":5,"__proto__":{"content-type":"a/b"}}}');
    expect(await read()).toMatchObject([{ kind: "file", contentType: undefined }]);
  });
});

describe("share.php", () => {
  const read = () => runSource("share-php", folder);
  const hash = createHash("sha256").update("ID/très cool.jpg").digest("hex");

  test("is found by the hash of the decoded path, in each spelling of the URL", async () => {
    put(`store-${hash}`);
    put(`store-${hash}-type`, "image/jpeg");
    const [file] = filesOf(await read());
    expect(file).toMatchObject({ filename: undefined, contentType: "image/jpeg", isTypeGuessed: false });
    for (const rest of ["/ID/tr%C3%A8s%20cool.jpg", "/ID/tr%c3%a8s%20cool.jpg", "/%49D/très cool.jpg"]) {
      expect(readAddress("path", rest)?.key).toBe(file === undefined ? "" : keyOf("share-php", file));
    }
  });

  test("of version 1 has no types", async () => {
    put(`store-${hash}`);
    expect(await read()).toMatchObject([{ kind: "file", contentType: undefined, isTypeGuessed: true }]);
  });

  test("reports what is not its own", async () => {
    put(`store-${hash}-type`, "a/b");
    put("store-abc");
    put(`store-${hash.toUpperCase()}`);
    put("index.html");
    mkdirSync(join(folder, "folder"));
    expect(skipsOf(await read())).toEqual([
      "folder: not-reachable",
      "index.html: junk",
      `store-${hash.toUpperCase()}: junk`,
      `store-${hash}-type: metadata-without-file`,
      "store-abc: junk",
    ]);
  });

  test("keeps a type that is too long, or no file, for none", async () => {
    put(`store-${hash}`);
    symlinkSync("/etc/hostname", join(folder, `store-${hash}-type`));
    expect(filesOf(await read())).toMatchObject([{ contentType: undefined }]);
    rmSync(join(folder, `store-${hash}-type`));
    put(`store-${hash}-type`, `a/${"b".repeat(300)}`);
    expect(filesOf(await read())).toMatchObject([{ contentType: undefined }]);
  });
});

describe("ngx_http_upload", () => {
  test("answers each URL whose path becomes that of the file", async () => {
    put("v1/UUID/a_b_20c.txt");
    const [file] = filesOf(await runSource("ngx-http-upload", folder));
    expect(file).toMatchObject({ isNameAltered: true, contentType: "text/plain", filename: "a_b_20c.txt" });
    for (const rest of ["/v1/UUID/a%2Bb%2520c.txt", "/v1/UUID/a+b%2520c.txt", "/v1/UUID/a_b_20c.txt"]) {
      expect(readAddress("altered-path", rest)?.key).toBe(
        file === undefined ? "" : keyOf("ngx-http-upload", file),
      );
    }
  });

  test("led to no file with another character in its path", async () => {
    for (const path of ["a b/c", "a/b+c", "a/e\u0301", "a/ok-1.2_é日"]) put(path);
    const items = await runSource("ngx-http-upload", folder);
    expect(filesOf(items).map(({ place }) => place)).toEqual(["a/ok-1.2_é日"]);
    expect(skipsOf(items)).toEqual([
      "a b/c: not-reachable",
      "a/b+c: not-reachable",
      "a/e\u0301: not-reachable",
    ]);
  });
});

describe("Openfire", () => {
  const read = () => runSource("openfire", folder);
  const id = "AbCdEfGhIjKlMnOpQrStUvWxY-_";

  test("has files under IDs of both lengths, for any name", async () => {
    const uuid = "0b0f9dd6-6f3d-4f1c-9f0a-0f6f3e1d2c4b";
    put(id);
    put(uuid);
    put("short");
    put("xmppfileupload123/file");
    const items = await read();
    expect(filesOf(items).map((file) => keyOf("openfire", file))).toEqual([`id ${uuid}`, `id ${id}`]);
    expect(addressKey("segment-before-last", `${id}/any name.jpg`)).toBe(`id ${id}`);
    expect(filesOf(items)).toMatchObject([{ filename: undefined }, { filename: undefined }]);
    expect(skipsOf(items)).toEqual(["short: junk", "xmppfileupload123: not-reachable"]);
  });

  test.each<readonly [string, string, string | undefined]>([
    ["GIF", "GIF89a", "image/gif"],
    ["PNG", "\x89PNG\r\n\x1a\n", "image/png"],
    ["JPEG", "\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"],
    ["JPEG of a camera", "\xff\xd8\xff\xe1\0\x18Exif\0\0", "image/jpeg"],
    ["WebP", "RIFF\x10\0\0\0WEBPVP8 ", "image/webp"],
    ["WAV", "RIFF\x10\0\0\0WAVEfmt ", "audio/x-wav"],
    ["HTML", "<HTML><script>", "text/html"],
    ["encrypted", "\x01\x02\x03", undefined],
    ["empty", "", undefined],
  ])("guesses the type by the content: %s", async (_, content, contentType) => {
    put(id, Buffer.from(content, "latin1"));
    expect(await read()).toMatchObject([{ contentType, isTypeGuessed: true }]);
  });
});

describe("prosody-filer", () => {
  test.each([
    ["a.TXT", "text/plain; charset=utf-8"],
    ["a.js", "text/javascript; charset=utf-8"],
    ["a.jpg", "image/jpeg"],
    ["jpg", "application/octet-stream"],
    ["a.unknown", "application/octet-stream"],
  ])("has the type that Go said: %s is %s", async (name, contentType) => {
    put(`UUID/${name}`);
    expect(await runSource("prosody-filer", folder)).toMatchObject([{ contentType, isTypeGuessed: true }]);
  });

  test("keeps names as they are on disk, in either form of Unicode", async () => {
    put("UUID/e\u0301");
    put("UUID/\u00e9");
    const files = filesOf(await runSource("prosody-filer", folder));
    expect(new Set(files.map((file) => keyOf("prosody-filer", file))).size).toBe(2);
    expect(readAddress("path", "UUID/e%CC%81")?.key).toBe(addressKey("path", "UUID/e\u0301"));
  });
});
