import { ok } from "node:assert/strict";
import { readToml } from "../../src/config/sources/toml.ts";
import { readMongooseim } from "../../src/migrate/mongooseim.ts";
import { slotdToml } from "../../src/migrate/slotd-toml.ts";
import { mutate } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const terms = `%% uploads
{hosts, ["example.org", <<"example.net">>]}.
{modules, [{mod_disco, []}, {mod_http_upload, [{host, "upload.@HOST@"}, {backend, s3}, {expiration_time, 120},
  {token_bytes, 32}, {max_file_size, undefined}, {s3, [{bucket_url, "https://s3.example.com/bucket"},
  {region, "eu-west-1"}, {access_key_id, "AKIA"}, {secret_access_key, "secret"}, {add_acl, true}]}]}]}.
{host_config, "example.net", [{modules, [{mod_http_upload, [{max_file_size, 5}]}]}]}.
`;
const toml = `[general]
  hosts = ["example.org", "example.net"]
[modules.mod_http_upload]
  host = "upload.@HOST@"
  backend = "s3"
  expiration_time = 120
  max_file_size = "infinity"
  s3.bucket_url = "https://s3.example.com/bucket"
  s3.region = "eu-west-1"
  s3.access_key_id = "AKIA"
  s3.secret_access_key = "secret"
[[host_config]]
  host = "example.net"
  [host_config.modules.mod_http_upload]
    max_file_size = 5
`;
const corpus = [terms, toml];
const pieces = [
  ..."[]{}(),.=\"'%#|$\\\n\t\0<>-+@_",
  ...[
    "<<",
    ">>",
    "#{",
    "=>",
    "\\x{110000}",
    "16#ff",
    "1.0e999",
    "$\\n",
    "[[",
    "]]",
    "'a'",
    '"""',
    "fun() -> ok end",
  ],
];

/** Whatever is fed to `init --from` is either taken over into a file that can be read, or refused with a text. */
export const mongooseimFiles: FuzzTarget = {
  name: "MongooseIM files",
  inputs: 20_000,
  make: (random) => mutate(random.of(corpus), random, corpus, pieces),
  check(input) {
    const outcome = readMongooseim(input, "mongooseim");
    if ("problem" in outcome) {
      ok(outcome.problem.trim() !== "", "nothing is said");
      ok(!/[^\P{Cc}\n\t]/u.test(outcome.problem), "the text steers the terminal");
      return;
    }
    const rest = {
      ...{ domains: ["example.org"], isExample: false, address: "127.0.0.1:5347", secret: "s3cret" },
      hasTls: outcome.component.hasTls,
    };
    const written = slotdToml(outcome, rest);
    ok("entries" in readToml(written, "slotd.toml"), `what is written is no TOML:\n${written}`);
  },
};
