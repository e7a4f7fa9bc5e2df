import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  startXmppServer,
  type XmppCommand,
  type XmppPlan,
  type XmppServer,
  type XmppServerOptions,
} from "./xmpp-server.ts";

/** How long the supervisor waits before it starts a router again that has ended, in seconds: as systemd would. */
const RESTART_AFTER = 3;

/** jabberd2 on loopback. `pid` is the shell that starts its four programs. */
export interface Jabberd2 extends XmppServer {
  /** The process that components are connected to; it changes when the router ends and is started again. */
  routerPid(): number;
}

export interface Jabberd2Options extends XmppServerOptions {
  /** Whether the router lets components in (XEP-0114). Left out: true. */
  readonly letsComponentsIn?: boolean;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Where Debian keeps jabberd2's modules: a folder that depends on the architecture. */
function moduleFolder(): string {
  const folders = readdirSync("/usr/lib", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
    .map((entry) => join("/usr/lib", entry.name, "jabberd2"));
  const found = folders.find((folder) => existsSync(folder));
  if (!found) throw new Error("jabberd2 is not installed: no /usr/lib/*-linux-*/jabberd2");
  return found;
}

/** The router takes every component with one secret: it knows no names. */
function secretOf({ components }: XmppServerOptions): string {
  const [secret = "", ...others] = new Set(Object.values(components));
  if (others.length > 0) throw new Error("jabberd2 has one secret for all components");
  return secret;
}

/** What all four programs have in common. */
function program(name: string, folder: string, ...rest: string[]): string {
  const log = `<log type="stdout"><ident>${name}</ident></log>`;
  return `<${name}><id>${name}</id><pidfile>${join(folder, `${name}.pid`)}</pidfile>${log}${rest.join("\n")}</${name}>\n`;
}

function router(plan: XmppPlan, options: Jabberd2Options): string {
  const secret = options.letsComponentsIn === false ? "" : `<secret>${escapeXml(secretOf(options))}</secret>`;
  const users = join(plan.folder, "router-users.xml");
  return program(
    "router",
    plan.folder,
    `<local><ip>127.0.0.1</ip><port>${plan.ports.component}</port><users>${users}</users>${secret}</local>`,
    "<io><max_fds>1024</max_fds><access><order>allow,deny</order></access></io>",
    "<aci><acl type='all'><user>jabberd</user></acl></aci>",
  );
}

/** How the other programs log in to the router; they never give up. */
function atRouter({ ports }: XmppPlan): string {
  const retry = "<retry><init>-1</init><lost>-1</lost><sleep>1</sleep></retry>";
  return `<router><ip>127.0.0.1</ip><port>${ports.component}</port><user>jabberd</user><pass>secret</pass>${retry}</router>`;
}

const chains: Readonly<Record<string, readonly string[]>> = {
  "sess-start": ["status"],
  "sess-end": ["status", "iq-last"],
  "in-sess": [
    "validate",
    "status",
    "privacy",
    "roster",
    "iq-ping",
    "disco",
    "offline",
    "presence",
    "deliver",
  ],
  "in-router": ["session", "validate", "presence", "privacy"],
  "out-router": ["privacy"],
  "pkt-sm": ["iq-ping", "iq-version", "disco", "presence"],
  "pkt-user": ["roster", "presence", "disco", "deliver", "offline"],
  "pkt-router": ["session", "disco"],
  "user-load": ["active", "roster", "privacy"],
  "user-create": ["active"],
};

function sessions(plan: XmppPlan): string {
  const modules = Object.entries(chains).map(
    ([id, names]) => `<chain id="${id}">${names.map((name) => `<module>${name}</module>`).join("")}</chain>`,
  );
  return program(
    "sm",
    plan.folder,
    atRouter(plan),
    `<local>${plan.domains.map((domain) => `<id>${domain}</id>`).join("")}</local>`,
    `<storage><path>${moduleFolder()}</path><driver>sqlite</driver>${database(plan)}</storage>`,
    `<modules><path>${moduleFolder()}</path>${modules.join("")}</modules>`,
    "<discovery><identity><category>server</category><type>im</type><name>jabberd2</name></identity></discovery>",
    "<user><auto-create/></user>",
  );
}

function clients(plan: XmppPlan, more: readonly string[]): string {
  const { c2s, c2sTls } = plan.ports;
  const { bundle } = plan.certificates;
  const hosts = plan.domains.map((domain) => `<id realm="${domain}">${domain}</id>`);
  const port = `<ip>127.0.0.1</ip><port>${c2s}</port><ssl-port>${c2sTls}</ssl-port><pemfile>${bundle}</pemfile>`;
  const plain = "<sasl><plain/></sasl>";
  return program(
    "c2s",
    plan.folder,
    atRouter(plan),
    `<local>${hosts.join("")}${port}</local>`,
    // As much as Prosody and ejabberd take from a client.
    "<io><max_fds>1024</max_fds><limits><stanzasize>262144</stanzasize></limits></io>",
    `<authreg><path>${moduleFolder()}</path><module>sqlite</module>`,
    `<mechanisms>${plain}</mechanisms><ssl-mechanisms>${plain}</ssl-mechanisms>${database(plan)}</authreg>`,
    ...more,
  );
}

function database({ folder }: XmppPlan): string {
  const file = join(folder, "db", "sqlite.db");
  return `<sqlite><dbname>${file}</dbname><busy-timeout>2000</busy-timeout><password_type><plaintext/></password_type></sqlite>`;
}

function writeAccounts({ folder, accounts }: XmppPlan): void {
  mkdirSync(join(folder, "db"));
  const schema = gunzipSync(readFileSync("/usr/share/doc/jabberd2/db-setup.sqlite.gz")).toString();
  const db = new Database(join(folder, "db", "sqlite.db"), { create: true });
  try {
    db.exec(schema);
    for (const { jid, user, domain, password } of accounts) {
      db.query("INSERT INTO authreg (username, realm, password) VALUES (?, ?, ?)").run(
        user,
        domain,
        password,
      );
      db.query('INSERT INTO active ("collection-owner", time) VALUES (?, 0)').run(jid);
    }
  } finally {
    db.close();
  }
}

/** Starts the router and, when it listens, the others; starts the router again when it ends. Ends when all have. */
function supervisor({ folder, ports }: XmppPlan): string {
  const run = (name: string) =>
    `setpriv --pdeathsig=KILL /usr/sbin/jabberd2-${name} -c ${join(folder, `${name}.xml`)}`;
  const isUp = `(exec 3<>/dev/tcp/127.0.0.1/${ports.component}) 2>/dev/null`;
  return `
stopping=
trap 'stopping=1' TERM
(trap 'exit' TERM; while :; do ${run("router")} & wait $!; sleep ${RESTART_AFTER}; done) &
until ${isUp} || [ -n "$stopping" ]; do sleep 0.05; done
for each in ${["sm", "c2s"].join(" ")}; do
  setpriv --pdeathsig=KILL /usr/sbin/jabberd2-$each -c ${folder}/$each.xml &
done
until [ -n "$stopping" ]; do wait; done
wait
`;
}

function command(plan: XmppPlan): XmppCommand {
  const log = join(plan.folder, "log", "jabberd2.log");
  const timesReady = () =>
    existsSync(log) ? readFileSync(log, "utf8").split("sm ready for sessions").length - 1 : 0;
  let timesBefore = 0;
  return {
    ...{ name: "jabberd2", command: ["bash", "-c", supervisor(plan)], user: "jabber" },
    prepare: () => {
      timesBefore = timesReady();
    },
    // c2s lets clients in before sm has their domains.
    isReady: () => timesReady() > timesBefore,
  };
}

/**
 * Starts jabberd2 (Debian package jabberd2) on loopback: router, sm and c2s. As root it runs as the user jabber.
 *
 * Every component logs in to the router with one secret, whatever its name. It is in disco#items of every domain
 * while it is connected.
 *
 * @throws {Error} with the end of its log when it does not come up, or when two components have different secrets.
 */
export async function startJabberd2(options: Jabberd2Options): Promise<Jabberd2> {
  let folder = "";
  const server = await startXmppServer("jabberd2", options, (plan) => {
    folder = plan.folder;
    const users = "<users><user><name>jabberd</name><secret>secret</secret></user></users>\n";
    writeFileSync(join(folder, "router-users.xml"), users);
    writeFileSync(join(folder, "router.xml"), router(plan, options));
    writeFileSync(join(folder, "sm.xml"), sessions(plan));
    writeFileSync(join(folder, "c2s.xml"), clients(plan, options.extra ?? []));
    writeAccounts(plan);
    return command(plan);
  });
  const routerPid = () => Number(readFileSync(join(folder, "router.pid"), "utf8"));
  return Object.defineProperties(server, { routerPid: { value: routerPid } }) as Jabberd2;
}
