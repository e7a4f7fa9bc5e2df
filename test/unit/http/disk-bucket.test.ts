import { afterAll, beforeAll, describe } from "bun:test";
import { fixedCredentials } from "../../../src/store/credentials.ts";
import { s3Bucket } from "../../../src/store/s3/s3-bucket.ts";
import { type BucketUnderTest, bucketContract } from "../../contract/bucket.ts";
import { credentials, type Fixture, startFixture } from "./http-fixture.ts";

/** slotd's own bucket behind a public URL that ends in `prefix`, with the declared values in the query or not. */
function diskContract(name: string, prefix: string, echoDeclared: boolean): void {
  describe(name, () => {
    let fixture: Fixture;
    let bucket: BucketUnderTest;
    beforeAll(async () => {
      fixture = await startFixture({ prefix, server: { now: () => new Date() } });
      bucket = {
        bucket: s3Bucket({
          bucketUrl: `${fixture.origin}${prefix}`,
          region: "local",
          credentials: fixedCredentials(credentials),
          addAcl: false,
          echoDeclared,
        }),
        created: 201,
        async fetchObject(getUrl) {
          const response = await fetch(getUrl);
          const body = new Uint8Array(await response.arrayBuffer());
          return { status: response.status, body, contentType: response.headers.get("content-type") };
        },
      };
    });
    afterAll(() => fixture.stop());

    bucketContract(name, () => bucket);
  });
}

diskContract("slotd's own bucket", "", true);
diskContract("slotd's own bucket, with a path, for the PUT URL of any S3 client", "/files/a+b", false);
