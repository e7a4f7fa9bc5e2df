import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { manuals, sourceDate } from "./share.ts";

const root = join(import.meta.dirname, "../..");

/** What a package is made of. */
export interface DebOptions {
  /** The executable of this machine's architecture. */
  readonly executable: string;
  /** Debian's version: digits, dots and what follows a "~" or "-". */
  readonly version: string;
  /** Where the package is put; its folder must exist. */
  readonly folder: string;
  /** As dpkg-deb has them: "xz" for what is handed out, "none" for a test. */
  readonly compression: "xz" | "none";
}

/** The files that dpkg asks about before it replaces what an operator has changed. */
export const conffiles = ["/etc/default/slotd", "/etc/fail2ban/filter.d/slotd.conf"] as const;

const forDevelopers = new Set(["ARCHITECTURE.md", "benchmarks.md"]);

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * Makes slotd_VERSION_ARCHITECTURE.deb with dpkg-deb. The same source and executable give the same bytes.
 *
 * @returns its path.
 * @throws {Error} where dpkg-deb is missing or fails, and on a machine whose architecture Debian's Bun does not know.
 */
export function buildDeb(options: DebOptions): string {
  const { executable, version, folder, compression } = options;
  const architecture = architectures[process.arch];
  if (architecture === undefined) throw new Error(`no Debian architecture for ${process.arch}`);
  const tree = join(folder, `.slotd-${version}`);
  rmSync(tree, { recursive: true, force: true });
  try {
    for (const [path, { from, text, mode = 0o644 }] of Object.entries(contents(executable))) {
      const file = join(tree, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      if (from !== undefined) copyFileSync(from, file);
      else writeFileSync(file, text ?? "");
      chmodSync(file, mode);
    }
    mkdirSync(join(tree, "etc/slotd"));
    writeControl(tree, version, architecture);
    const file = join(folder, `slotd_${version}_${architecture}.deb`);
    const date = sourceDate();
    for (const path of [".", ...readdirSync(tree, { recursive: true, encoding: "utf8" })])
      utimesSync(join(tree, path), date, date);
    execFileSync("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", tree, file], {
      stdio: "pipe",
      env: { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) },
    });
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

interface Content {
  /** The file that it is a copy of; else `text` is what it holds. */
  readonly from?: string;
  readonly text?: string | Uint8Array;
  readonly mode?: number;
}

/** Every file of the package but those in DEBIAN/, by its path. */
function contents(executable: string): Readonly<Record<string, Content>> {
  const deploy = (name: string) => join(root, "deploy", name);
  const shared = Object.entries(manuals(sourceDate().toISOString().slice(0, 10))).map(([name, text]) =>
    name.startsWith("man/")
      ? ([`usr/share/${name}.gz`, { text: gzip(text) }] as const)
      : ([`usr/share/${name}`, { text }] as const),
  );
  const docs = readdirSync(join(root, "docs"))
    .filter((name) => /\.(md|yml|json)$/.test(name) && !forDevelopers.has(name))
    .map((name) => [`usr/share/doc/slotd/${name}`, { from: join(root, "docs", name) }] as const);
  return {
    "usr/bin/slotd": { from: executable, mode: 0o755 },
    "usr/lib/systemd/system/slotd.service": { text: unitOfPackage() },
    "usr/lib/sysusers.d/slotd.conf": { from: deploy("slotd.sysusers.conf") },
    "usr/lib/tmpfiles.d/slotd.conf": { from: deploy("slotd.tmpfiles.conf") },
    "etc/default/slotd": { from: deploy("debian/default") },
    "etc/fail2ban/filter.d/slotd.conf": { from: deploy("fail2ban/filter.d/slotd.conf") },
    "usr/share/doc/slotd/copyright": { from: deploy("debian/copyright") },
    "usr/share/doc/slotd/changelog.gz": { text: gzip(readFileSync(join(root, "CHANGELOG.md"), "utf8")) },
    "usr/share/doc/slotd/examples/jail.conf": { from: deploy("fail2ban/jail.d/slotd.conf") },
    "usr/share/lintian/overrides/slotd": { from: deploy("debian/lintian-overrides") },
    ...Object.fromEntries(docs),
    ...Object.fromEntries(shared),
  };
}

/** The unit as it is in deploy/, with the paths of a package. */
function unitOfPackage(): string {
  return readFileSync(join(root, "deploy/slotd.service"), "utf8")
    .replace(
      "/etc/systemd/system/slotd.service. docs/operations.md says how to install it",
      "of the Debian package",
    )
    .replaceAll("/usr/local/bin/slotd", "/usr/bin/slotd");
}

function writeControl(tree: string, version: string, architecture: string): void {
  const debian = join(tree, "DEBIAN");
  const files = readdirSync(tree, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(tree, path)).isFile())
    .sort();
  const bytes = files.reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
  const sums = files.filter((path) => !conffiles.some((conffile) => conffile === `/${path}`));
  mkdirSync(debian, { mode: 0o755 });
  const [name = "", ...rest] = readFileSync(join(root, "deploy/debian/control"), "utf8").split("\n");
  const { DEBFULLNAME = "slotd", DEBEMAIL = "slotd@localhost" } = process.env;
  const own = [
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${DEBFULLNAME} <${DEBEMAIL}>`,
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
  ];
  writeFileSync(join(debian, "control"), [name, ...own, ...rest].join("\n"));
  writeFileSync(join(debian, "conffiles"), conffiles.map((path) => `${path}\n`).join(""));
  writeFileSync(join(debian, "md5sums"), sums.map((path) => `${md5(join(tree, path))}  ${path}\n`).join(""));
  for (const script of ["postinst", "prerm", "postrm"]) {
    copyFileSync(join(root, "deploy/debian", script), join(debian, script));
    chmodSync(join(debian, script), 0o755);
  }
}

/** What dpkg --verify compares with. */
function md5(file: string): string {
  return createHash("md5").update(readFileSync(file)).digest("hex");
}

function gzip(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}
