import { expect, test } from "bun:test";
import { bucketRoot } from "../../../../src/store/s3/bucket-root.ts";

test.each([
  ["https://uploads.s3.eu-west-1.amazonaws.com", "", "uploads", ""],
  ["https://my.dotted.bucket.s3.amazonaws.com/", "", "my.dotted.bucket", ""],
  ["https://uploads.s3.eu-west-1.amazonaws.com/xmpp/a%20b", "", "uploads", "xmpp/a b/"],
  ["https://uploads.s3.dualstack.eu-west-1.amazonaws.com/x", "", "uploads", "x/"],
  ["https://s3.eu-west-1.amazonaws.com/uploads", "/uploads", "uploads", ""],
  ["https://s3-eu-west-1.amazonaws.com/mybucket/custom/prefix", "/mybucket", "mybucket", "custom/prefix/"],
  ["https://s3.example.com:9000/uploads", "/uploads", "uploads", ""],
  ["http://127.0.0.1:9000/uploads/xmpp/", "/uploads", "uploads", "xmpp/"],
  ["https://uploads.garage.example.com:3900", "", "uploads", ""],
  ["https://uploads.fra1.digitaloceanspaces.com/x", "", "uploads", "x/"],
  ["https://fra1.digitaloceanspaces.com/uploads", "/uploads", "uploads", ""],
  ["https://uploads.s3.us-west-004.backblazeb2.com/x", "", "uploads", "x/"],
  ["https://uploads.s3.eu-central-1.wasabisys.com/x", "", "uploads", "x/"],
  ["https://storage.googleapis.com/uploads/x", "/uploads", "uploads", "x/"],
  ["https://uploads.storage.googleapis.com/x", "", "uploads", "x/"],
  ["https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/uploads", "/uploads", "uploads", ""],
  ["https://uploads.0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com/x", "", "uploads", "x/"],
])("%s: the bucket is at %j, is called %j, and keys begin with %j", (url, path, name, keyPrefix) => {
  expect(bucketRoot(url)).toMatchObject({ path, name, keyPrefix });
});
