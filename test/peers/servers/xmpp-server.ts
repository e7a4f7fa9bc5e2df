import { join } from "node:path";
import { type Certificates, makeCertificates } from "../certificates.ts";
import { allOpen, freePorts } from "../ports.ts";
import {
  giveFolder,
  type ManagedProcess,
  type Memory,
  makeFolder,
  type ProcessOptions,
  removeFolder,
  startProcess,
} from "../process.ts";

/** What an XMPP server of a test serves. */
export interface XmppServerOptions {
  /** The secret of each external component, by its domain. */
  readonly components: Readonly<Record<string, string>>;
  /** Left out: example.test and example2.test. */
  readonly domains?: readonly string[];
  /** Who has an account on every domain, with the password pw-USER. Left out: alice and bob. */
  readonly users?: readonly string[];
  /** Lines for the global part of the server's configuration, in its own language. */
  readonly extra?: readonly string[];
}

export interface Account {
  /** The bare JID. */
  readonly jid: string;
  readonly user: string;
  readonly domain: string;
  readonly password: string;
}

/** A real XMPP server on loopback. All its files are in a fresh folder, removed by stop(). */
export interface XmppServer {
  readonly name: string;
  /** Plain TCP without TLS, for clients that allow it. */
  readonly c2sPort: number;
  /** TLS from the first byte, with a certificate of `ca` for every domain. */
  readonly c2sTlsPort: number;
  /** XEP-0114. */
  readonly componentPort: number;
  readonly domains: readonly string[];
  /** Every user on every domain. */
  readonly accounts: readonly Account[];
  /** The path of a PEM file: the authority of every certificate the server shows. */
  readonly ca: string;
  /** What the server shows, for a proxy that takes its place. */
  readonly certificates: Certificates;
  /** Where all its files are. */
  readonly folder: string;
  /** The process that holds the ports. It changes with restart(). */
  readonly pid: number;
  /** Ends it with SIGKILL. The folder stays, so restart() may follow. */
  kill9(): Promise<void>;
  /** Ends it when it runs and starts it anew: same ports, same data, same configuration. Resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends it in good order. The folder stays, so restart() may follow. */
  shutDown(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Everything the server has logged since the start, restarts included. */
  log(): string;
  memory(): Memory;
  /** Ends it and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** What a server's own module has to know to write its configuration. */
export interface XmppPlan {
  readonly folder: string;
  readonly ports: { readonly c2s: number; readonly c2sTls: number; readonly component: number };
  readonly domains: readonly string[];
  readonly accounts: readonly Account[];
  readonly certificates: Certificates;
}

/** The part of ProcessOptions that differs between servers. */
export type XmppCommand = Pick<ProcessOptions, "name" | "command" | "env" | "user"> & {
  /** Asked beside the ports. */
  readonly isReady?: () => boolean;
  /** Called before every start. */
  readonly prepare?: () => void;
};

function accountsOf(domains: readonly string[], users: readonly string[]): Account[] {
  return domains.flatMap((domain) =>
    users.map((user) => ({ jid: `${user}@${domain}`, user, domain, password: `pw-${user}` })),
  );
}

/** Starts an XMPP server: `configure` writes its files into the plan's folder and says how to run it. */
export async function startXmppServer(
  name: string,
  options: XmppServerOptions,
  configure: (plan: XmppPlan) => XmppCommand,
): Promise<XmppServer> {
  const domains = options.domains ?? ["example.test", "example2.test"];
  const accounts = accountsOf(domains, options.users ?? ["alice", "bob"]);
  const [c2s = 0, c2sTls = 0, component = 0] = await freePorts(3);
  const ports = { c2s, c2sTls, component };
  const folder = makeFolder(name);
  try {
    const certificates = makeCertificates(folder, domains);
    const { prepare, isReady, ...command } = configure({ folder, ports, domains, accounts, certificates });
    if (command.user) giveFolder(folder, command.user);
    const start = () => {
      prepare?.();
      const isListening = allOpen([
        c2s,
        c2sTls,
        ...(Object.keys(options.components).length > 0 ? [component] : []),
      ]);
      return startProcess({
        ...command,
        folder: join(folder, "log"),
        isReady: async () => (isReady?.() ?? true) && (await isListening()),
      });
    };
    let server: ManagedProcess = await start();
    return {
      ...{ name, c2sPort: c2s, c2sTlsPort: c2sTls, componentPort: component },
      ...{ domains, accounts, folder, certificates, ca: certificates.ca },
      get pid() {
        return server.pid;
      },
      kill9: () => server.kill9(),
      shutDown: () => server.stop(),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      log: () => server.log(),
      memory: () => server.memory(),
      async restart() {
        await server.stop();
        server = await start();
      },
      async stop() {
        await server.stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}
