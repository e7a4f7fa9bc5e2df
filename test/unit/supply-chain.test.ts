import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import packageJson from "../../package.json" with { type: "json" };
import { acceptedLicences, licencesPage, productionPackages } from "../../scripts/licences.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

test("docs/licences.md is what the lock file gives (bun scripts/licences.ts writes it)", () => {
  expect(read("docs/licences.md")).toBe(licencesPage());
});

test("everything that slotd runs with is under a permissive licence", () => {
  const packages = productionPackages();
  expect(packages.length).toBeGreaterThan(10);
  for (const { name, licence } of packages)
    expect([name, acceptedLicences.includes(licence)]).toEqual([name, true]);
});

test("every production dependency has its reason in docs/ARCHITECTURE.md", () => {
  const libraries = read("docs/ARCHITECTURE.md").split("## Libraries")[1]?.split("\n## ")[0] ?? "";
  for (const name of Object.keys(packageJson.dependencies)) expect(libraries).toContain(`**${name}**`);
});

test("versions are pinned exactly, and the lock file has the checksum of each", () => {
  for (const [name, version] of Object.entries({
    ...packageJson.dependencies,
    ...packageJson.devDependencies,
  }))
    expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  const lock: Record<string, { integrity?: string; link?: boolean; inBundle?: boolean }> = JSON.parse(
    read("package-lock.json"),
  ).packages;
  for (const [path, { integrity, link, inBundle }] of Object.entries(lock)) {
    if (path === "" || link || inBundle || !path.startsWith("node_modules/") || path.includes("/src/"))
      continue;
    expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
  }
});

describe("what the package promises to have is there:", () => {
  test.each(packageJson.files)("%s", (file) => {
    expect(existsSync(new URL(`../../${file}`, import.meta.url))).toBe(true);
  });
});

test("CHANGELOG.md has an entry for this version", () => {
  expect(read("CHANGELOG.md")).toMatch(
    new RegExp(`^## ${packageJson.version.replaceAll(".", "\\.")}\\b`, "m"),
  );
});
