// Writes docs/licences.md, the licences of everything that slotd is made of: bun scripts/licences.ts
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}

/** Licences under which a package may be part of slotd: permissive, and compatible with Apache-2.0. */
export const acceptedLicences: readonly string[] = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
];

/** A package that slotd runs with, and what it is licensed under. */
export interface LicensedPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression; "unknown" when neither the lock file nor the package says one. */
  readonly licence: string;
}

/** The packages of the lock file that slotd runs with, by name. */
export function productionPackages(): LicensedPackage[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const packages = Object.entries(lock.packages as Record<string, LockedPackage>);
  return packages
    .filter(([path, { dev, devOptional, link }]) => path !== "" && !dev && !devOptional && !link)
    .map(([path, { version = "", license }]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      licence: license ?? licenceIn(path),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

function licenceIn(path: string): string {
  const file = join(root, path, "package.json");
  return existsSync(file) ? String(JSON.parse(readFileSync(file, "utf8")).license ?? "unknown") : "unknown";
}

/** The list as a page. */
export function licencesPage(): string {
  const rows = productionPackages().map(
    ({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`,
  );
  return `# Licences

slotd itself is under Apache-2.0. It runs with these packages, in the versions of package-lock.json; the \`@oven/*\`
are Bun for one platform each, of which npm installs one. Bun links JavaScriptCore (LGPL-2) statically, and its own
licence lists what else: https://bun.com/docs/project/licensing. That matters to whoever passes dist/slotd on.
\`bun scripts/licences.ts\` writes this page; a test checks it, and that every licence is a permissive one.

| package | version | licence |
| --- | --- | --- |
${rows.join("\n")}
`;
}

if (import.meta.main) writeFileSync(join(root, "docs/licences.md"), licencesPage());
