import { equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificates } from "../peers/certificates.ts";
import { allOpen, freePorts } from "../peers/ports.ts";
import { type ManagedProcess, makeFolder, removeFolder, waitUntil } from "../peers/process.ts";
import type { DebianRoot } from "./debian-root.ts";

/** What the steps share. */
export interface Context {
  readonly debian: DebianRoot;
  /** The package, and the same one with a higher version. */
  readonly debs: readonly [string, string];
  /** What `npm run build` makes. */
  readonly dist: string;
}

/** Lines on what held. */
type Held = Promise<string[]>;

const domain = "example.test";
const unit = "/usr/lib/systemd/system/slotd.service";

function aptInstall({ debian }: Context, deb: string): string {
  debian.copy(deb, "/tmp/slotd.deb");
  return debian.must("apt-get install -y --no-install-recommends /tmp/slotd.deb");
}

/** `apt install ./slotd_*.deb` in a Debian that has nothing else. */
export async function install(context: Context): Held {
  const { debian, debs } = context;
  debian.must("apt-get update");
  match(aptInstall(context, debs[0]), /slotd init --domain example\.org --config \/etc\/slotd\/slotd\.toml/);
  equal(debian.must("dpkg --verify slotd"), "");
  match(debian.must("id slotd"), /uid=\d+\(slotd\) gid=\d+\(slotd\) groups=\d+\(slotd\)/);
  equal(debian.must("stat -c '%a %U:%G' /etc/slotd /var/lib/slotd"), "2750 root:slotd\n750 slotd:slotd\n");
  equal(debian.must("systemctl is-enabled slotd.service"), "enabled\n");
  equal(debian.must("slotd --version"), "slotd 0.1.0\n");
  const completed = debian.must(
    `bash -c '. /usr/share/bash-completion/completions/slotd; COMP_WORDS=(slotd relo); COMP_CWORD=1; _slotd; echo $COMPREPLY'`,
  );
  equal(completed, "reload\n");
  ok(debian.has("/usr/share/man/man1/slotd.1.gz"));
  return ["apt takes the package; user, folders, unit, manual pages and completion are there"];
}

interface Running {
  readonly prosody: ManagedProcess;
  readonly slotd: ManagedProcess;
  readonly upload: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

let running: Running | undefined;
let content: Buffer;
let firstUrl = "";

/** init, a restart of Prosody, slotd as its unit starts it, and an upload. */
export async function serve(context: Context): Held {
  const { debian } = context;
  debian.must("apt-get install -y --no-install-recommends prosody go-sendxmpp");
  const [c2s = 0, component = 0, http = 0, ops = 0] = await freePorts(4);
  const forProsody = debian.must("slotd help init").includes("--for ") ? " --for prosody" : "";
  const printed = debian.must(
    `slotd init --domain ${domain} --public-url http://127.0.0.1:${http} --config /etc/slotd/slotd.toml${forProsody}`,
  );
  equal(debian.must("stat -c '%a %U:%G' /etc/slotd/slotd.toml"), "640 root:slotd\n");
  match(debian.read("/etc/slotd/slotd.toml"), /^path = "\/var\/lib\/slotd"$/m);
  // The operator's own settings, in the file that dpkg must keep.
  const settings = [
    `SLOTD_XMPP_ADDRESS=127.0.0.1:${component}`,
    `SLOTD_HTTP_LISTEN=127.0.0.1:${http}`,
    `SLOTD_OPS_LISTEN=127.0.0.1:${ops}`,
  ];
  debian.write("/etc/default/slotd", `${settings.join("\n")}\n`);
  const ca = configureProsody(debian, c2s, component);
  const startProsody = (...ports: number[]) =>
    debian.start("prosody", "prosody", "exec prosody -F", allOpen(ports));
  const before = await startProsody(c2s);
  debian.must(`prosodyctl register alice ${domain} secret && prosodyctl register bob ${domain} secret`);
  await before.stop();
  const lines = /Component "upload\.example\.test"\n +component_secret = "[0-9a-f]+"/.exec(printed)?.[0];
  ok(lines, "slotd init prints Prosody's lines");
  const file = "/etc/prosody/prosody.cfg.lua";
  debian.write(file, `${debian.read(file)}\n${lines}\n`);
  // Prosody opens the component port when there is a component.
  const prosody = await startProsody(c2s, component);
  const slotd = await startSlotd(debian);
  content = randomBytes(200_000);
  const upload = () => uploaded(debian, c2s, ca);
  running = { prosody, slotd, upload, stop: async () => void (await prosody.stop()) };
  firstUrl = await upload();
  return [
    "slotd init writes a configuration that the service may read, and Prosody takes its lines at a restart",
    `go-sendxmpp uploads ${content.length} bytes through Prosody; ${firstUrl.replace(/[0-9a-f]{50,}/, "TOKEN")} gives them back`,
  ];
}

/** @returns the path of the authority that its clients trust. */
function configureProsody(debian: DebianRoot, c2s: number, component: number): string {
  const made = makeFolder("certificates");
  const certificates = makeCertificates(made, [domain]);
  for (const [from, to] of [
    [certificates.chain, "chain.pem"],
    [certificates.key, "key.pem"],
    [certificates.ca, "ca.pem"],
  ] as const)
    debian.copy(from, `/etc/prosody/certs/${to}`);
  removeFolder(made);
  // Where systemd runs, the unit makes the folder of the process id.
  debian.must("chown prosody: /etc/prosody/certs/key.pem && install -d -o prosody /run/prosody");
  const file = "/etc/prosody/prosody.cfg.lua";
  const own = `interfaces = { "127.0.0.1" }
c2s_ports = { }
s2s_ports = { }
c2s_direct_tls_ports = { ${c2s} }
c2s_direct_tls_ssl = { certificate = "/etc/prosody/certs/chain.pem"; key = "/etc/prosody/certs/key.pem" }
component_interfaces = { "127.0.0.1" }
component_ports = { ${component} }
`;
  debian.write(file, `${own}${debian.read(file)}\nVirtualHost "${domain}"\n`);
  return "/etc/prosody/certs/ca.pem";
}

/** Each start has a log of its own. */
let starts = 0;

/** Starts slotd as the installed unit says, and waits until it is connected. */
async function startSlotd(debian: DebianRoot): Promise<ManagedProcess> {
  const text = debian.read(unit);
  const value = (key: string) => new RegExp(`^${key}=-?(.*)$`, "m").exec(text)?.[1] ?? "";
  ok(debian.has(value("ConditionPathExists")), "the unit's condition holds");
  const line = `cd ${value("WorkingDirectory")} && umask ${value("UMask")} && set -a && . ${value("EnvironmentFile")} && ${value("Environment")} exec ${value("ExecStart")}`;
  starts += 1;
  const slotd = await debian.start(`slotd-${starts}`, value("User"), line);
  await waitUntil("slotd to be connected", () => {
    if (slotd.result !== undefined) throw new Error(`slotd ended with ${slotd.result}:\n${slotd.logTail()}`);
    return slotd.log().includes("Connected to the XMPP server");
  });
  return slotd;
}

/** Uploads as a user, and fetches what came. @returns the GET URL. */
async function uploaded(debian: DebianRoot, port: number, ca: string): Promise<string> {
  writeFileSync(join(debian.folder, "tmp/picture.jpg"), content);
  const output = debian.must(
    `SSL_CERT_FILE=${ca} go-sendxmpp -d -u alice@${domain} -p secret -j 127.0.0.1:${port} -t -h /tmp/picture.jpg bob@${domain} 2>&1`,
  );
  const url = /<get url=['"](.*?)['"]/.exec(output)?.[1] ?? "";
  await isServed(url);
  return url;
}

async function isServed(url: string): Promise<void> {
  const answer = await fetch(url);
  equal(answer.status, 200);
  ok(Buffer.from(await answer.arrayBuffer()).equals(content), "the file is the one that was sent");
}

/** A higher version over it, with what the operator has changed. */
export async function upgrade(context: Context): Held {
  const { debian, debs } = context;
  if (running === undefined) throw new Error("upgrade() follows serve()");
  const kept = ["/etc/slotd/slotd.toml", "/etc/default/slotd"].map(
    (path) => [path, debian.read(path)] as const,
  );
  aptInstall(context, debs[1]);
  match(debian.must("dpkg-query --status slotd"), /^Status: install ok installed$[\s\S]*^Version: 0\.1\.1$/m);
  for (const [path, text] of kept) equal(debian.read(path), text);
  equal(await running.slotd.stop().then(() => running?.slotd.result), 0);
  const slotd = await startSlotd(debian);
  running = { ...running, slotd };
  await isServed(firstUrl);
  await running.upload();
  const reload = /^ExecReload=(.*)$/m.exec(debian.read(unit))?.[1];
  equal(
    debian.must(`setpriv --reuid=slotd --regid=slotd --init-groups ${reload}`),
    "The configuration was reloaded.\n",
  );
  return [
    "the configuration and /etc/default/slotd are kept, files are served as before, the unit's reload works",
  ];
}

/** What `apt remove` leaves, and that the package can come back. */
export async function remove(context: Context): Held {
  const { debian, debs } = context;
  await running?.slotd.stop();
  await running?.stop();
  debian.must("apt-get remove -y slotd");
  ok(!debian.has("/usr/bin/slotd") && !debian.has(unit));
  ok(debian.has("/etc/slotd/slotd.toml") && debian.has("/etc/default/slotd"));
  aptInstall(context, debs[1]);
  equal(debian.must("systemctl is-enabled slotd.service"), "enabled\n");
  equal(debian.must("stat -c '%a %U:%G' /etc/slotd/slotd.toml"), "640 root:slotd\n");
  return ["the executable and the unit are gone, the configuration stays, and another installation finds it"];
}

/** What `apt purge` leaves: users' files alone. */
export async function purge({ debian }: Context): Held {
  match(debian.must("apt-get purge -y slotd"), /Users' files are still in \/var\/lib\/slotd/);
  for (const path of [
    "/etc/slotd",
    "/etc/default/slotd",
    "/etc/fail2ban/filter.d/slotd.conf",
    "/usr/bin/slotd",
  ])
    ok(!debian.has(path), `${path} is gone`);
  equal(debian.run("systemctl is-enabled slotd.service 2>/dev/null").status === 0, false);
  equal(debian.run("dpkg-query -W slotd").status, 1);
  equal(debian.must("find /etc /usr /run -path '*slotd*' -not -path '*/systemd-*'"), "");
  ok(debian.must("find /var/lib/slotd/objects -type f").includes("/"));
  debian.must("rm -r /var/lib/slotd && userdel slotd");
  return ["nothing of it is left but the users' files"];
}

/** The lines of docs/operations.md for an installation by hand. */
export async function byHand({ debian, dist }: Context): Held {
  const page = readFileSync(join(import.meta.dirname, "../../docs/operations.md"), "utf8");
  const lines = /\*\*As one executable\.\*\*[\s\S]*?\n\n((?: {4}.*\n)+)/
    .exec(page)?.[1]
    ?.replace(/^ {4}/gm, "");
  if (lines === undefined) throw new Error("docs/operations.md does not have the lines");
  debian.copy(dist, "/src/dist");
  debian.copy(join(import.meta.dirname, "../../deploy"), "/src/deploy");
  // No systemd runs here that could be told; it would begin where "enable" leaves off.
  const last = "systemctl daemon-reload && systemctl enable --now slotd";
  ok(lines.trimEnd().endsWith(last), "the last line starts the service");
  debian.must(`cd /src && set -e\n${lines.replace(last, "systemctl enable slotd")}`);
  equal(debian.must("stat -c '%a %U:%G' /etc/slotd/slotd.toml"), "640 root:slotd\n");
  equal(debian.must("systemctl is-enabled slotd.service"), "enabled\n");
  const asSlotd = "setpriv --reuid=slotd --regid=slotd --init-groups";
  match(debian.must(`${asSlotd} slotd config`), /^path = "\/var\/lib\/slotd"/m);
  match(debian.must(`${asSlotd} slotd slot --domain example.org --filename a --size 1`), /PutURL/);
  return [
    "the lines of docs/operations.md install it, and its user may read the configuration and write the files",
  ];
}
