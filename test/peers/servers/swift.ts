import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePorts, isPortOpen } from "../ports.ts";
import {
  giveFolder,
  isRoot,
  type ManagedProcess,
  makeFolder,
  removeFolder,
  runToEnd,
  startProcess,
} from "../process.ts";
import { encodeKey, type S3Store, s3Client, signedFetchOk } from "./s3-store.ts";

export interface SwiftOptions {
  /** Left out: "uploads". */
  readonly bucket?: string;
}

const kinds = ["account", "container", "object"] as const;
type Kind = (typeof kinds)[number];
type Ports = Readonly<Record<Kind | "proxy" | "memcached", number>>;

const secretAccessKey = "testing-secret-000001";
const hashes = `[swift-hash]
swift_hash_path_suffix = s
swift_hash_path_prefix = p
[storage-policy:0]
name = one
default = yes
`;

/** One ring of one device for each kind of server; in one Python process, where swift-ring-builder would be nine. */
function ringScript(ports: Ports): string {
  return `from swift.common.ring.builder import RingBuilder
for kind, port in ${JSON.stringify(kinds.map((kind) => [kind, ports[kind]]))}:
    ring = RingBuilder(4, 1, 0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0})
    ring.rebalance()
    ring.get_ring().save(kind + ".ring.gz")
`;
}

function storageConfiguration(kind: Kind, folder: string, user: string, ports: Ports): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports[kind]}
user = ${user}
workers = 0
mount_check = false
devices = ${folder}/devices
swift_dir = ${folder}
recon_cache_path = ${folder}
fallocate_reserve = 0
[pipeline:main]
pipeline = ${kind}-server
[app:${kind}-server]
use = egg:swift#${kind}
`;
}

const filters = [
  "catch_errors",
  "gatekeeper",
  "healthcheck",
  "listing_formats",
  "bulk",
  "copy",
  "slo",
  "dlo",
  "symlink",
];

function proxyConfiguration(folder: string, user: string, ports: Ports): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports.proxy}
user = ${user}
workers = 0
swift_dir = ${folder}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo dlo symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
# With S3 ACLs nobody could GET without a signature.
s3_acl = false
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = ${secretAccessKey} .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${ports.memcached}
${filters.map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`).join("")}`;
}

async function writeConfiguration(folder: string, user: string, ports: Ports): Promise<void> {
  mkdirSync(join(folder, "devices", "d1"), { recursive: true });
  writeFileSync(join(folder, "swift.conf"), hashes);
  writeFileSync(join(folder, "proxy.conf"), proxyConfiguration(folder, user, ports));
  for (const kind of kinds) {
    writeFileSync(join(folder, `${kind}.conf`), storageConfiguration(kind, folder, user, ports));
  }
  const script = `import os\nos.chdir(${JSON.stringify(folder)})\n${ringScript(ports)}`;
  const rings = await runToEnd({ name: "swift-rings", command: ["/usr/bin/python3", "-c", script] });
  if (!rings.ok) throw new Error(`Swift's rings were not made: ${rings.output}`);
  giveFolder(folder, user);
}

/**
 * Starts OpenStack Swift with its S3 interface on loopback (Debian packages swift-proxy, swift-account,
 * swift-container, swift-object, memcached) with an empty bucket. As root it runs as the user swift.
 *
 * Anyone may GET at anonymousUrl(), which is Swift's own address of the object: at the S3 address Swift wants a
 * signature for every request.
 *
 * @throws {Error} with the end of its log when it does not come up.
 */
export async function startSwift(options: SwiftOptions = {}): Promise<S3Store> {
  const [account = 0, container = 0, object = 0, proxy = 0, memcached = 0] = await freePorts(5);
  const ports = { account, container, object, proxy, memcached };
  const user = isRoot() ? "swift" : userInfo().username;
  const bucket = options.bucket ?? "uploads";
  const endpoint = `http://127.0.0.1:${proxy}`;
  const access = { endpoint, bucket, region: "us-east-1", accessKeyId: "test:tester", secretAccessKey };
  const folder = makeFolder("swift");
  const servers: ManagedProcess[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop(2000)));
    removeFolder(folder);
  };
  const start = async (name: string, port: number, command: readonly [string, ...string[]]) => {
    const isReady = () => isPortOpen(port);
    servers.push(await startProcess({ name, command, folder, user, isReady }));
  };
  try {
    await writeConfiguration(folder, user, ports);
    const server = (kind: Kind | "proxy") =>
      start(kind, ports[kind], [`swift-${kind}-server`, join(folder, `${kind}.conf`)]);
    const cache = ["memcached", "-l", "127.0.0.1", "-p", `${memcached}`, "-U", "0", "-m", "16"] as const;
    const all = [start("memcached", memcached, cache), ...[...kinds, "proxy" as const].map(server)];
    // Not before all are settled: those that did start have to be stopped when one did not.
    const failed = (await Promise.allSettled(all)).find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    const headers = { "x-amz-acl": "public-read" };
    await signedFetchOk(access, { method: "PUT", path: `/${bucket}`, headers });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...s3Client(access),
    anonymousUrl: (key) => `${endpoint}/v1/AUTH_test/${bucket}/${encodeKey(key)}`,
    pids: servers.map((each) => each.pid),
    log: () => servers.map((each) => each.log()).join(""),
    stop,
  };
}
