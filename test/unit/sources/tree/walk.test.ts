import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { SourceError, type SourceFile, type SourceItem } from "../../../../src/sources/source.ts";
import { sources } from "../../../../src/sources/sources.ts";
import { anyText } from "../any-text.ts";
import { filesOf, freshFolder, runSource, sha256Of, skipsOf } from "../run-source.ts";

let folder: string;
/** Outside of the source's folder; nothing of it may be read. */
let outside: string;

beforeEach(() => {
  folder = freshFolder();
  outside = freshFolder();
  writeFileSync(join(outside, "secret"), "secret");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  rmSync(outside, { recursive: true });
});

function put(path: string, text = "x"): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const read = () => runSource("folder", folder);
const descriptors = () => readdirSync("/proc/self/fd").length;

async function onlyFile(): Promise<SourceFile> {
  const [file, another] = filesOf(await read());
  if (file === undefined || another !== undefined) throw new Error("Expected one file.");
  return file;
}

describe("a walk through a hostile folder", () => {
  test("takes no link, FIFO, socket or device, and waits for none", async () => {
    put("a/real.txt");
    symlinkSync(join(outside, "secret"), join(folder, "a/link.txt"));
    symlinkSync(outside, join(folder, "a/folder"));
    symlinkSync("..", join(folder, "a/loop"));
    symlinkSync("nowhere", join(folder, "a/dangling"));
    spawnSync("mkfifo", [join(folder, "a/fifo")]);
    const server = createServer().listen(join(folder, "a/socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const isRoot = spawnSync("mknod", [join(folder, "a/null"), "c", "1", "3"]).status === 0;
    try {
      const items = await read();
      expect(filesOf(items).map(({ place }) => place)).toEqual(["a/real.txt"]);
      const names = ["dangling", "fifo", "folder", "link.txt", "loop", ...(isRoot ? ["null"] : []), "socket"];
      expect(skipsOf(items)).toEqual(names.map((name) => `a/${name}: not-a-regular-file`));
    } finally {
      server.close();
    }
  });

  test.each([
    ["a link", (path: string) => symlinkSync(join(outside, "secret"), path)],
    ["a FIFO", (path: string) => spawnSync("mkfifo", [path])],
    ["a folder", (path: string) => mkdirSync(path)],
    ["nothing", () => undefined],
  ])("opens no file that was replaced by %s", async (_, replace) => {
    put("a/b.txt");
    const file = await onlyFile();
    rmSync(join(folder, "a/b.txt"));
    replace(join(folder, "a/b.txt"));
    await expect(file.open()).rejects.toThrow();
  });

  test("opens no file through a folder that was replaced by a link", async () => {
    put("a/b/secret", "mine");
    const file = await onlyFile();
    rmSync(join(folder, "a/b"), { recursive: true });
    symlinkSync(outside, join(folder, "a/b"));
    await expect(file.open()).rejects.toThrow();
    renameSync(join(folder, "a"), join(folder, "c"));
    symlinkSync(join(folder, "c"), join(folder, "a"));
    await expect(file.open()).rejects.toThrow();
  });

  test("opens no file of another folder that took the root's place", async () => {
    put("secret", "mine");
    const file = await onlyFile();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    put("secret", "theirs");
    mkdirSync(`${folder}-x`);
    renameSync(folder, join(`${folder}-x`, "old"));
    symlinkSync(outside, folder);
    await expect(file.open()).rejects.toThrow();
    rmSync(folder);
    renameSync(join(`${folder}-x`, "old"), folder);
    rmSync(`${folder}-x`, { recursive: true });
  });

  test("follows the links on the operator's own way to the folder", async () => {
    put("a/b.txt");
    symlinkSync(folder, join(outside, "link"));
    expect(filesOf(await runSource("folder", join(outside, "link")))).toHaveLength(1);
  });

  test("passes over names that are not UTF-8, each once", async () => {
    put("a/ok.txt");
    for (const byte of [0xff, 0xc3, 0xed]) {
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/a/`), Buffer.from([byte, 0x2e, 0x74])]), "x");
    }
    // What invalid bytes are often shown as is a name as well.
    put("a/\ufffd.t");
    const items = await read();
    expect(filesOf(items).map(({ place }) => place)).toEqual(["a/ok.txt", "a/\ufffd.t"]);
    expect(skipsOf(items)).toEqual(["a/Ã.t: unreadable", "a/í.t: unreadable", "a/ÿ.t: unreadable"]);
  });

  test("takes names of all other bytes", async () => {
    const names = [
      "\n",
      "\\",
      "a\tb",
      '"',
      "%2e%2e",
      "...",
      ".b",
      " ",
      "-rf",
      "\x1b[31m",
      "é",
      "e\u0301",
      "é".repeat(127),
    ];
    for (const name of names) put(`a/${name}`);
    put(`a/${"n".repeat(255)}`);
    expect(
      filesOf(await read())
        .map(({ filename }) => filename)
        .sort(),
    ).toEqual([...names, "n".repeat(255)].sort());
  });

  test("goes no deeper than a service's files are, and holds no descriptors after it", async () => {
    const before = descriptors();
    const deep = Array.from({ length: 60 }, () => "d").join("/");
    put(`${deep}/file`);
    put("top");
    const items = await read();
    expect(filesOf(items).map(({ place }) => place)).toEqual(["top"]);
    expect(skipsOf(items)).toEqual([`${Array.from({ length: 17 }, () => "d").join("/")}: not-reachable`]);
    expect(descriptors()).toBe(before);
  });

  test("holds no descriptors when it is left early, and its files can be opened still", async () => {
    put("a/b/c.txt", "content");
    put("a/b/d.txt", "content");
    const before = descriptors();
    const options = { folder, now: () => new Date(), minAge: 0, signal: new AbortController().signal };
    let first: SourceItem | undefined;
    for await (const item of sources.folder(options)) {
      first = item;
      break;
    }
    expect(descriptors()).toBe(before);
    expect(await sha256Of(first as SourceFile)).toBe(sha256("content"));
    expect(descriptors()).toBe(before);
  });

  test("tells of empty folders, and goes on behind one that cannot be read", async () => {
    mkdirSync(join(folder, "empty"));
    put("full/a.txt");
    expect(skipsOf(await read())).toEqual(["empty: junk"]);
  });

  // Root may read everything: then there is no such folder.
  if (process.getuid?.() !== 0) {
    test("goes on behind a folder that cannot be read", async () => {
      put("locked/a.txt");
      put("full/a.txt");
      chmodSync(join(folder, "locked"), 0);
      const items = await read();
      chmodSync(join(folder, "locked"), 0o700);
      expect(skipsOf(items)).toEqual(["locked: unreadable"]);
      expect(filesOf(items)).toHaveLength(1);
    });
  }

  test("ends when it is told to", async () => {
    put("a");
    const reason = new Error("enough");
    await expect(runSource("folder", folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test.each([
    ["is not there", () => "/nonexistent/folder"],
    ["is a file", () => join(outside, "secret")],
  ])("needs a folder that can be read: one that %s", async (_, path) => {
    const failure = await runSource("folder", path()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SourceError);
    expect(String(failure)).toContain(path());
  });

  test("finds exactly what is in a tree of any shape", async () => {
    const name = anyText.filter(isOnDisk);
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { maxLength: 12 }), async (paths) => {
        const tree = freshFolder();
        const made = paths.filter((each) => make(tree, each)).sort();
        const found = filesOf(await runSource("folder", tree)).map(({ place }) => place);
        rmSync(tree, { recursive: true });
        expect(found.sort()).toEqual(made);
      }),
      { numRuns: 30 },
    );
  });
});

function isOnDisk(name: string): boolean {
  return (
    name !== "" &&
    name !== "." &&
    name !== ".." &&
    !/[/\0]/.test(name) &&
    name.isWellFormed() &&
    Buffer.byteLength(name) < 200
  );
}

/** @returns whether there is such a file now; not where a folder, or a file, is in its way. */
function make(tree: string, path: string): boolean {
  try {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    if (existsSync(join(tree, path))) return false;
    writeFileSync(join(tree, path), "x");
    return true;
  } catch {
    return false;
  }
}

describe("a large folder", () => {
  /** Longer names fill a folder faster. */
  const longName = (i: number): string => `${"n".repeat(200)}\n${i}`;

  function fill(count: number): string[] {
    const names = Array.from({ length: count }, (_, i) => longName(i));
    for (const name of names) writeFileSync(join(folder, name), "");
    return names.sort();
  }

  test("is listed through a scratch file, of which nothing stays", async () => {
    const names = fill(3_000);
    const scratch = join(outside, "scratch");
    mkdirSync(scratch);
    const found = filesOf(await runSource("folder", folder, { scratch }));
    expect(found.map(({ filename }) => filename).sort()).toEqual(names);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("lets others run while it is read", async () => {
    fill(3_000);
    let turns = 0;
    let isRead = false;
    const count = (): void => {
      turns += 1;
      if (!isRead) setImmediate(count);
    };
    setImmediate(count);
    const began = performance.now();
    await read();
    isRead = true;
    // Each 5 ms; a tenth of it, for the machine may have been busy elsewhere.
    expect(turns).toBeGreaterThan((performance.now() - began) / 50);
  });

  test("is read also where there is no find", async () => {
    const names = fill(1_000);
    const path = process.env.PATH;
    process.env.PATH = outside;
    try {
      expect(filesOf(await read())).toHaveLength(names.length);
    } finally {
      process.env.PATH = path;
    }
  });
});

describe("the content of a file", () => {
  test("comes in pieces of at most 256 KiB that belong to the reader", async () => {
    const text = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
    writeFileSync(join(folder, "big"), text);
    const content = await (await onlyFile()).open();
    const pieces: Uint8Array[] = [];
    for await (const piece of content.read()) pieces.push(piece);
    await content.close();
    expect(content.size).toBe(700_000);
    expect(pieces.map(({ length }) => length)).toEqual([262_144, 262_144, 175_712]);
    expect(Buffer.concat(pieces).equals(text)).toBe(true);
  });

  test.each<readonly [string, () => void]>([
    ["became shorter", () => truncateSync(join(folder, "file"), 10)],
    ["became longer", () => writeFileSync(join(folder, "file"), "x".repeat(600_001))],
    ["was touched", () => utimesSync(join(folder, "file"), 1, 1)],
  ])("is refused when the file %s while it is read", async (_, change) => {
    put("file", "x".repeat(600_000));
    const content = await (await onlyFile()).open();
    const readAll = async (): Promise<void> => {
      let isFirst = true;
      for await (const _piece of content.read()) {
        if (isFirst) change();
        isFirst = false;
      }
    };
    const failure = await readAll().catch((error: unknown) => error);
    await content.close();
    expect(failure).toMatchObject({ code: "source-file-changed" });
  });

  test("may be nothing", async () => {
    put("empty", "");
    expect(await sha256Of(await onlyFile())).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });
});

describe("a young file", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const reasonAt = async (seconds: number, minAge?: number): Promise<string> => {
    put("file");
    const time = now.getTime() / 1000 - seconds;
    utimesSync(join(folder, "file"), time, time);
    const options = { now: () => now, ...(minAge === undefined ? {} : { minAge }) };
    const [item] = await runSource("folder", folder, options);
    return item?.kind === "skip" ? item.reason : (item?.kind ?? "");
  };

  test("is skipped, for its upload may be under way", async () => {
    expect(await reasonAt(59)).toBe("too-young");
    expect(await reasonAt(61)).toBe("file");
  });

  test("is taken when the service is stopped", async () => {
    expect(await reasonAt(0, 0)).toBe("file");
  });

  test("is not one whose time is in the future; it was uploaded now", async () => {
    expect(await reasonAt(-3_600)).toBe("file");
    expect((await onlyFile()).uploaded).toEqual(now);
  });
});
