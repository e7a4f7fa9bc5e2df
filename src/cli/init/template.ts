import { tomlText } from "../../config/reference/toml-text.ts";
import type { ProxyName } from "./proxies.ts";
import { componentAddress, type ServerName } from "./server-names.ts";

/** What `slotd init` puts into the file that it writes. */
export interface Setup {
  readonly domains: readonly string[];
  /** May hold `@HOST@`. */
  readonly publicUrl: string;
  /** The component secret, the same for every domain. */
  readonly secret: string;
  /** Where files are kept on disk; relative to the file. */
  readonly diskPath: string;
  /** Whether the files go to a bucket. */
  readonly isS3: boolean;
  /** The reverse proxy whose lines are wanted. */
  readonly proxy: ProxyName;
  /** Whether the domains are only an example, to be edited. */
  readonly isExample: boolean;
  /** The XMPP server; undefined when it was not said. */
  readonly server: ServerName | undefined;
}

/** The host that `slotd init` sets, before `@HOST@` is replaced. */
export const setupHost = "upload.@HOST@";
/** The address of the HTTP server that `slotd init` sets. */
export const setupListen = "127.0.0.1:5080";

/** Writes a commented slotd.toml: ready to be loaded with the disk backend, to be filled in with a bucket. */
export function configTemplate(setup: Setup): string {
  const { domains, secret, isExample, isS3, server } = setup;
  const edit = isExample ? "\n# EDIT THIS LINE: put your own domain here." : "";
  return `# The configuration of slotd. All options: docs/options.md. The active options: slotd config
# This file contains a secret: only the user that runs slotd may read it.

# The XMPP domains to serve.${edit}
domains = ${tomlText(domains)}

# The component's JID; @HOST@ is replaced with each domain.
host = ${tomlText(setupHost)}

# Where the files are stored: "disk" by slotd itself, or "s3" in a bucket (see [s3]).
backend = ${tomlText(isS3 ? "s3" : "disk")}

# The maximum size of a file; "infinity" removes the limit.
max_file_size = "10MiB"

# The lifetime of a PUT URL in seconds.
expiration_time = 60

# Who may request slots: domains and bare JIDs, or "*" for everyone. Default: the served domain.
# access = ["example.org", "bot@example.net"]

# How long slotd keeps files; "never" disables the expiry.
# retention = "30d"

[xmpp]
# The XMPP server's component port: 5347 on Prosody and jabberd2, 5275 on Openfire.
address = ${tomlText(componentAddress(server))}
# The secret, the same as in the XMPP server's configuration.
secret = ${tomlText(secret)}
# ... or read it from a separate file:
# secret_file = "/run/secrets/slotd-xmpp"

${isS3 ? bucketPart : diskPart(setup)}
# Limits for each user: total size and daily uploads. slotd tells users over a limit when to try again. See docs/limits.md.
# [quota]
# user = "1GiB"
# user_daily = "200MiB"

# Options for one domain only:
# [domain."example.net"]
# max_file_size = "50MiB"
`;
}

const bucketPart = `[s3]
# The bucket, in virtual-host or path style.
bucket_url = "https://bucket.s3.eu-west-1.amazonaws.com"
region = "eu-west-1"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
# The file that contains the secret key.
secret_access_key_file = "/etc/slotd/s3-secret"

# Quotas and retention need a ledger, which records the owner of each file:
# [ledger]
# url = "sqlite:/var/lib/slotd/slotd.db"
`;

function diskPart({ diskPath, publicUrl }: Setup): string {
  return `[disk]
# The folder of the files; a relative path is relative to the folder of this file.
path = ${tomlText(diskPath)}

[http]
# slotd's own HTTP server, which receives and serves the files.
listen = ${tomlText(setupListen)}
# The URL at which clients reach it: https, through a reverse proxy with TLS. The default is "http://" and
# listen, which is sufficient for a test on this machine, but many clients refuse http.
public_url = ${tomlText(publicUrl)}

# With backend = "s3", clients upload directly to a bucket. Uncomment these lines and fill them in:
# [s3]
# bucket_url = "https://bucket.s3.eu-west-1.amazonaws.com"
# region = "eu-west-1"
# access_key_id = "AKIAIOSFODNN7EXAMPLE"
# secret_access_key_file = "/run/secrets/slotd-s3"
`;
}
