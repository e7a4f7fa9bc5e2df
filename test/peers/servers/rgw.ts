import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, isPortOpen } from "../ports.ts";
import { type ManagedProcess, makeFolder, removeFolder, startProcess, waitUntil } from "../process.ts";
import { encodeKey, type S3Store, s3Client, signedFetchOk } from "./s3-store.ts";

export interface RgwOptions {
  /** Left out: "uploads". */
  readonly bucket?: string;
  /** Gives out session tokens at the endpoint. COMPAT(Ceph 16): every denial reads AccessDenied then. */
  readonly sts?: boolean;
  /** What the store may hold, in bytes of memory: 1 GiB when left out. */
  readonly capacity?: number;
}

export interface Rgw extends S3Store {
  /** Virtual-host style: the bucket in the host name. It ends in .localhost, which many resolvers do not know. */
  readonly virtualHostUrl: string;
  /** Lets the browsers of any origin PUT, GET and HEAD, by a CORS configuration. */
  allowCors(): Promise<void>;
  /** Runs radosgw-admin. */
  admin(...args: readonly string[]): Promise<void>;
  /** Gives the user another key beside the first. */
  addKey(accessKeyId: string, secretAccessKey: string): Promise<void>;
  /** Takes one of the user's keys away. */
  removeKey(accessKeyId: string): Promise<void>;
  /** Lets anyone GET every object, by a bucket policy: the GET URL of a slot is not signed. */
  makeBucketPublic(): Promise<void>;
}

const run = promisify(execFile);
const dnsName = "s3.localhost";

interface Ports {
  readonly http: number;
  readonly monitor: number;
  readonly monitorV1: number;
}

/** One monitor, one object store in memory and a gateway, nothing of them on disk or beyond loopback. */
function configuration(folder: string, clusterId: string, ports: Ports, options: RgwOptions): string {
  return `[global]
fsid = ${clusterId}
mon_initial_members = a
mon_host = [v2:127.0.0.1:${ports.monitor},v1:127.0.0.1:${ports.monitorV1}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = ${folder}
admin_socket = ${folder}/$name.asok
pid_file =
log_file = ${folder}/$name.log
crash_dir = ${folder}/crash
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_warn_on_pool_no_redundancy = false
# COMPAT(Ceph 16): the gateway asks the monitor for an encrypted session, which needs cephx, and waits 300 s for it.
ms_mon_client_mode = crc
[mon]
mon_data = ${folder}/mon
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 10000
mon_cluster_log_file = ${folder}/cluster.log
# Every step of the start is a vote of one: not waiting for more proposals brings 16 s down to 1.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[osd]
osd_data = ${folder}/osd
osd_objectstore = memstore
memstore_device_bytes = ${options.capacity ?? 1_073_741_824}
osd_class_load_list = *
osd_class_default_list = *
[client]
rgw_data = ${folder}/rgw
rgw_frontends = beast endpoint=127.0.0.1:${ports.http}
rgw_dns_name = ${dnsName}
rgw_thread_pool_size = 16
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_s3_auth_use_sts = ${options.sts === true}
rgw_sts_key = 0123456789abcdef
rgw_sts_min_session_duration = 1
# Else a client's own encryption key is taken over TLS only.
rgw_crypt_require_ssl = false
`;
}

/** Runs one of Ceph's commands; its output when it ended well within 60 s. */
type Ceph = (command: string, ...args: string[]) => Promise<string>;

async function startMonitor(ceph: Ceph, folder: string, clusterId: string, ports: Ports, server: Server) {
  const map = join(folder, "monmap");
  const address = `[v2:127.0.0.1:${ports.monitor},v1:127.0.0.1:${ports.monitorV1}]`;
  await ceph("monmaptool", "--create", "--clobber", "--fsid", clusterId, "--addv", "a", address, map);
  await ceph("ceph-mon", "--mkfs", "-i", "a", "--monmap", map);
  await server("ceph-mon", ["-i", "a"], () => isPortOpen(ports.monitor));
}

async function startObjectStore(ceph: Ceph, server: Server) {
  const id = randomUUID();
  await ceph("ceph", "--connect-timeout", "20", "osd", "new", id);
  await ceph("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", id);
  await ceph("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost");
  await server("ceph-osd", ["-i", "0"], async () => (await ceph("ceph", "osd", "stat")).includes("1 up"));
}

/** The role that `assumeRole` takes: everything in every bucket. */
async function makeRole(ceph: Ceph): Promise<void> {
  const trust = {
    Effect: "Allow",
    Principal: { AWS: ["arn:aws:iam:::user/test"] },
    Action: ["sts:AssumeRole"],
  };
  const rights = { Effect: "Allow", Action: ["s3:*"], Resource: ["arn:aws:s3:::*"] };
  const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const role = ["--role-name=up", "--path=/", `--assume-role-policy-doc=${policy(trust)}`];
  await ceph("radosgw-admin", "role", "create", ...role);
  const rules = ["--role-name=up", "--policy-name=all", `--policy-doc=${policy(rights)}`];
  await ceph("radosgw-admin", "role-policy", "put", ...rules);
}

/** Starts one of Ceph's servers in the foreground. */
type Server = (name: string, args: readonly string[], isReady: () => Promise<boolean>) => Promise<void>;

/**
 * Starts a Ceph RADOS Gateway on loopback (Debian packages radosgw, ceph-mon, ceph-osd, ceph-common) with an
 * empty bucket. Objects are kept in memory.
 *
 * @throws {Error} with the end of its log when it does not come up.
 */
export async function startRgw(options: RgwOptions = {}): Promise<Rgw> {
  const [http = 0, monitor = 0, monitorV1 = 0] = await freePorts(3);
  const ports = { http, monitor, monitorV1 };
  const access = {
    endpoint: `http://127.0.0.1:${http}`,
    bucket: options.bucket ?? "uploads",
    region: "us-east-1",
    accessKeyId: "TESTACCESSKEY0000001",
    secretAccessKey: "testsecretkey000000000000000000000000001",
  };
  const folder = makeFolder("rgw");
  const servers: ManagedProcess[] = [];
  const stop = async () => {
    for (const server of servers.toReversed()) await server.stop(2000);
    removeFolder(folder);
  };
  const file = join(folder, "ceph.conf");
  const ceph: Ceph = async (command, ...args) =>
    (await run(command, ["-c", file, ...args], { timeout: 60_000, env: { ...process.env, CEPH_CONF: file } }))
      .stdout;
  const server: Server = async (name, args, isReady) => {
    servers.push(await startProcess({ name, command: [name, "-c", file, ...args, "-f"], folder, isReady }));
  };
  try {
    const clusterId = randomUUID();
    for (const name of ["mon", "osd", "rgw", "crash"]) mkdirSync(join(folder, name));
    writeFileSync(file, configuration(folder, clusterId, ports, options));
    await startMonitor(ceph, folder, clusterId, ports, server);
    await startObjectStore(ceph, server);
    await ceph(
      ...(["radosgw-admin", "user", "create", "--uid=test", "--display-name=Test"] as const),
      ...[`--access-key=${access.accessKeyId}`, `--secret-key=${access.secretAccessKey}`],
      "--caps=roles=*;user-policy=*",
    );
    if (options.sts) await makeRole(ceph);
    await server("radosgw", ["-n", "client.rgw"], () => isPortOpen(http));
    await waitUntil("the gateway to answer", () =>
      fetch(access.endpoint).then(
        (response) => response.ok,
        () => false,
      ),
    );
    await signedFetchOk(access, { method: "PUT", path: `/${access.bucket}` });
  } catch (error) {
    await stop();
    throw error;
  }
  const { bucket, endpoint } = access;
  return {
    ...s3Client(access),
    virtualHostUrl: `http://${bucket}.${dnsName}:${http}`,
    async allowCors() {
      const body =
        "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>" +
        "<AllowedMethod>HEAD</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader>" +
        "</CORSRule></CORSConfiguration>";
      const md5 = createHash("md5").update(body).digest("base64");
      const headers = { "content-md5": md5, "content-type": "application/xml" };
      await signedFetchOk(access, { method: "PUT", path: `/${bucket}`, query: { cors: "" }, headers, body });
    },
    async admin(...args) {
      await ceph("radosgw-admin", ...args);
    },
    async addKey(accessKeyId, secretAccessKey) {
      const key = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
      await ceph("radosgw-admin", "key", "create", "--uid=test", "--key-type=s3", ...key);
    },
    async removeKey(accessKeyId) {
      await ceph("radosgw-admin", "key", "rm", "--uid=test", "--key-type=s3", `--access-key=${accessKeyId}`);
    },
    anonymousUrl: (key) => `${endpoint}/${bucket}/${encodeKey(key)}`,
    async makeBucketPublic() {
      const statement = {
        ...{ Effect: "Allow", Principal: "*", Action: "s3:GetObject" },
        Resource: `arn:aws:s3:::${bucket}/*`,
      };
      const body = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
      await signedFetchOk(access, { method: "PUT", path: `/${bucket}`, query: { policy: "" }, body });
    },
    pids: servers.map((each) => each.pid),
    log: () => servers.map((each) => each.log()).join(""),
    stop,
  };
}
