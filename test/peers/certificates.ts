import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of PEM files in one folder. */
export interface Certificates {
  /** The throw-away authority to trust: SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, ca_certs and the like. */
  readonly ca: string;
  /** The server's certificate, then the authority's. */
  readonly chain: string;
  readonly key: string;
  /** chain and key in one file, as ejabberd wants it. */
  readonly bundle: string;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes an authority and one server certificate of it for these names, localhost and 127.0.0.1; good for two days. */
export function makeCertificates(folder: string, names: readonly string[]): Certificates {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  writeFileSync(
    file("authority.cnf"),
    [
      "[req]",
      "distinguished_name = name",
      "x509_extensions = authority",
      "prompt = no",
      "[name]",
      "CN = slotd test authority",
      "[authority]",
      "basicConstraints = critical, CA:TRUE",
      "keyUsage = critical, keyCertSign, cRLSign",
      "subjectKeyIdentifier = hash",
      "",
    ].join("\n"),
  );
  const alternatives = [
    ...names.flatMap((name) => [`DNS:${name}`, `DNS:*.${name}`]),
    "DNS:localhost",
    "IP:127.0.0.1",
  ];
  writeFileSync(
    file("server.ext"),
    `basicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = ${alternatives.join(",")}\n`,
  );
  openssl(
    "req",
    "-x509",
    "-config",
    "authority.cnf",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
  );
  openssl("req", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=slotd test server");
  openssl(
    ...["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-days", "2", "-extfile", "server.ext", "-out", "server.pem"],
  );
  const chain = readFileSync(file("server.pem"), "utf8") + readFileSync(file("ca.pem"), "utf8");
  writeFileSync(file("chain.pem"), chain);
  writeFileSync(file("bundle.pem"), chain + readFileSync(file("server.key"), "utf8"));
  // A client that runs as another user has to read the authority.
  chmodSync(folder, 0o755);
  return {
    ca: file("ca.pem"),
    chain: file("chain.pem"),
    key: file("server.key"),
    bundle: file("bundle.pem"),
  };
}
