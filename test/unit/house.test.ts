import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slotd-house-"));
  cpSync(join(root, "biome.json"), join(folder, "biome.json"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** What the linter of `npm test` says of the planted files. */
function lint(): { readonly isRight: boolean; readonly said: string } {
  const biome = join(root, "node_modules/.bin/biome");
  const { status, stdout, stderr } = spawnSync(biome, ["lint", "src"], { cwd: folder, encoding: "utf8" });
  return { isRight: status === 0, said: stdout + stderr };
}

test("imports in one direction are right", () => {
  plant("src/slot/a.ts", 'import type { B } from "./b.ts";\n\nexport type A = B;\n');
  plant("src/slot/b.ts", "export type B = number;\n");
  expect(lint()).toMatchObject({ isRight: true });
});

test("a circle of imports is refused, of types alone too", () => {
  plant("src/slot/a.ts", 'import type { B } from "./b.ts";\n\nexport type A = B | 1;\n');
  plant("src/slot/b.ts", 'import type { C } from "./c.ts";\n\nexport type B = C | 2;\n');
  plant("src/slot/c.ts", 'import type { A } from "./a.ts";\n\nexport type C = A[];\n');
  const { isRight, said } = lint();
  expect(isRight).toBe(false);
  expect(said).toContain("noImportCycles");
});

test.each([
  ["src/sigv4/a.ts", "../xmpp/b.ts"],
  ["src/slot/a.ts", "../http/b.ts"],
  ["src/xmpp/a.ts", "../store/b.ts"],
  ["src/http/a.ts", "../xmpp/b.ts"],
  ["src/net/a.ts", "../http/b.ts"],
  ["src/store/disk/a.ts", "../s3/b.ts"],
  ["src/store/keys/a.ts", "../../http/b.ts"],
  ["src/http/download/a.ts", "../upload/b.ts"],
  ["src/http/upload/a.ts", "../../ledger/b.ts"],
  ["src/xmpp/xml/a.ts", "../stream.ts"],
  ["src/check/s3/a.ts", "../../cli/b.ts"],
  ["src/cli/commands/a.ts", "../../store/b.ts"],
  ["src/config/options/a.ts", "../../http/b.ts"],
  ["src/ledger/quota/a.ts", "../../store/b.ts"],
  ["src/ledger/database/sqlite.ts", "./postgres.ts"],
  ["src/ops/gauges/a.ts", "../../store/b.ts"],
  ["src/sources/a.ts", "../store/b.ts"],
  ["src/sources/tree/a.ts", "../../ledger/b.ts"],
])("an import against the rules of the rooms is refused: %s imports %s", (importer, imported) => {
  plant(join(dirname(importer), imported), "export const b = 1;\n");
  plant(importer, `import { b } from "${imported}";\n\nexport const a = b;\n`);
  const { isRight, said } = lint();
  expect(isRight).toBe(false);
  expect(said).toContain("noRestrictedImports");
});
