import { type HttpServer, startHttpServer } from "../../src/http/http-server.ts";
import { watchHttp } from "../../src/ops/events.ts";
import { createLog } from "../../src/ops/log.ts";
import { Metrics } from "../../src/ops/metrics.ts";
import { fixedCredentials } from "../../src/store/credentials.ts";
import { s3Bucket } from "../../src/store/s3-bucket.ts";
import { s3Sink } from "../../src/store/s3-sink.ts";
import type { BucketUnderTest } from "../contract/bucket.ts";
import { freePorts } from "../peers/ports.ts";
import type { S3Access, S3Store } from "../peers/s3-store.ts";

/** slotd's HTTP server in front of a store: it takes PUTs with its own signature and streams them to the bucket. */
export interface ProxyUnderTest extends BucketUnderTest {
  readonly server: HttpServer;
  readonly origin: string;
  /** What the log has said, line by line. */
  readonly log: readonly string[];
}

const own = { accessKeyId: "OWNKEY", secretAccessKey: "of slotd alone, not the store's" };

/** Starts one. `changes` make it go to the store otherwise than it should. */
export async function startProxy(
  store: S3Store,
  changes: Partial<S3Access> = {},
  addAcl = false,
): Promise<ProxyUnderTest> {
  const [port = 0] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const upstream = { ...store, ...changes };
  const sink = s3Sink(
    {
      bucketUrl: `${upstream.endpoint}/${upstream.bucket}`,
      region: upstream.region,
      credentials: fixedCredentials(upstream),
      addAcl,
    },
    { now: () => new Date() },
  );
  const log: string[] = [];
  const { logger } = createLog({ level: "debug", format: "json" }, (line) => log.push(line));
  const server = await startHttpServer({
    listen: { host: "127.0.0.1", port },
    buckets: [
      {
        publicUrls: [origin],
        store: sink,
        keys: [{ value: [own] }],
        region: "us-east-1",
        maxFileSize: () => undefined,
      },
    ],
    now: () => new Date(),
    onEvent: watchHttp({
      log: logger,
      metrics: new Metrics(),
      monotonic: () => performance.now(),
      reference: () => "ref1",
    }),
    reference: () => "ref1",
  });
  return {
    server,
    origin,
    log,
    bucket: s3Bucket({
      bucketUrl: origin,
      region: "us-east-1",
      credentials: fixedCredentials(own),
      addAcl: false,
      echoDeclared: true,
    }),
    created: 201,
    fetchObject: (getUrl) => store.fetchObject(decodeURIComponent(getUrl.slice(origin.length + 1))),
  };
}
