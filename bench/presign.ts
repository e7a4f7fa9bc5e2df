import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { s3Bucket } from "../src/store/s3/s3-bucket.ts";
import type { Bench, Case } from "./bench.ts";

const REGION = "eu-west-1";
const accessKeyId = "AKIAIOSFODNN7EXAMPLE";
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EXPIRES = 60;
const SIZE = 23_456;
const TOKEN = "0123456789abcdef".repeat(4);
/** Seconds of CPU time that a round takes. */
const ROUND = 0.5;

interface Input {
  readonly filename: string;
  readonly contentType: string | undefined;
}

/** URLs for each second of this process's CPU time. What waits for a promise only because its API wants it does so. */
async function rate(makeOne: (number: number) => unknown): Promise<number> {
  const before = process.cpuUsage();
  let made = 0;
  for (;;) {
    for (let i = 0; i < 50; i += 1) {
      const url = makeOne(made);
      if (url instanceof Promise) await url;
      made += 1;
    }
    const { user, system } = process.cpuUsage(before);
    if (user + system > ROUND * 1e6) return made / ((user + system) / 1e6);
  }
}

/** Each URL has a token of its own, as in service. */
function tokenOf(number: number): string {
  return TOKEN.slice(0, 48) + number.toString(16).padStart(16, "0");
}

function presigners({ filename, contentType }: Input): Case["contenders"] {
  const current = () => ({ accessKeyId, secretAccessKey });
  const bucketUrl = `https://bucket.s3.${REGION}.amazonaws.com`;
  const bucket = s3Bucket({ bucketUrl, region: REGION, credentials: { current }, addAcl: false });
  const ofBun = new Bun.S3Client({ bucket: "bucket", region: REGION, accessKeyId, secretAccessKey });
  const ofAws = new S3Client({ region: REGION, credentials: { accessKeyId, secretAccessKey } });
  return {
    slotd: () =>
      rate((number) => {
        const object = { token: tokenOf(number), filename, size: SIZE, contentType, expiry: undefined };
        return bucket.slot(object, EXPIRES, new Date());
      }),
    "Bun.S3Client": () =>
      rate((number) =>
        ofBun.presign(`${tokenOf(number)}/${filename}`, { method: "PUT", expiresIn: EXPIRES }),
      ),
    "AWS SDK": () =>
      rate((number) =>
        getSignedUrl(
          ofAws,
          new PutObjectCommand({
            ...{ Bucket: "bucket", Key: `${tokenOf(number)}/${filename}`, ContentLength: SIZE },
            ...(contentType !== undefined && { ContentType: contentType }),
          }),
          { expiresIn: EXPIRES, signableHeaders: new Set(["content-length", "content-type", "host"]) },
        ),
      ),
  };
}

const goals: Case["goals"] = [
  { against: "Bun.S3Client", ratio: 1.5 },
  { against: "AWS SDK", ratio: 80 },
];

/** URLs a second on one core. */
export const presign: Bench = {
  name: "presign",
  description:
    "A presigned PUT URL and its GET URL, as a slot needs them, compared with one presigned PUT URL of " +
    "Bun.S3Client and of @aws-sdk/s3-request-presigner, for the same bucket, key, region and expiry. All run " +
    "in one process; the benchmark measures its CPU time. slotd and the AWS SDK sign host, content-length " +
    "and, if a type is declared, content-type. Bun.S3Client cannot sign the last two, and signs only host.",
  needs: [],
  async open() {
    const inputs: Record<string, Input> = {
      "a plain name, no type": { filename: "IMG_20260214_183012.jpg", contentType: undefined },
      "accent, space, parentheses and a type": { filename: "très cool (3).jpg", contentType: "image/jpeg" },
    };
    const cases = Object.entries(inputs).map(
      ([name, input]): Case => ({
        name,
        unit: "URLs/s",
        better: "more",
        contenders: presigners(input),
        goals,
      }),
    );
    return { cases, close: async () => {} };
  },
};
