import { afterAll, beforeAll } from "bun:test";
import { bucketContract } from "../contract/bucket.ts";
import { inventoryContract } from "../contract/inventory.ts";
import { s3ClientContract } from "../contract/s3-client.ts";
import type { S3Store } from "../peers/servers/s3-store.ts";
import { startSwift } from "../peers/servers/swift.ts";
import { s3InventoryUnderTest, storeUnderTest } from "./s3-under-test.ts";

let swift: S3Store;
beforeAll(async () => {
  swift = await startSwift();
}, 60_000);
afterAll(() => swift.stop());

bucketContract("OpenStack Swift", () => storeUnderTest(swift));
s3ClientContract("OpenStack Swift", () => swift);
inventoryContract("OpenStack Swift", () => s3InventoryUnderTest(swift));
