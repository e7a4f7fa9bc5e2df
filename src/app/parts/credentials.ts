import type { DomainConfig, S3Config } from "../../config/config.ts";
import { credentialsOf as configuredOf, type S3Credentials } from "../../config/credentials.ts";
import type { CredentialSource } from "../../store/credentials.ts";
import { openCredentials } from "../buckets/s3-buckets.ts";
import { type Around, part, type Stoppable } from "../part.ts";

/** The keys of a bucket, from wherever they come. */
export interface BucketKeys extends Stoppable {
  readonly source: CredentialSource;
}

export const credentials = part<BucketKeys, S3Credentials>({
  wanted: ({ config }) =>
    new Map(config.domains.flatMap(({ s3 }) => (s3 === undefined ? [] : [[keyOf(s3), configuredOf(s3)]]))),
  async make(configured, { deps }) {
    const source = await openCredentials(configured, deps.watchers.log);
    return { source, stop: async () => source.stop() };
  },
});

/** The keys of a domain's bucket; undefined on disk. */
export function credentialsOf(around: Around, { s3 }: DomainConfig): CredentialSource | undefined {
  return s3 && around.of(credentials).get(keyOf(s3))?.source;
}

/** Tells the keys of one bucket from those of another; secret. */
function keyOf(s3: S3Config): string {
  return JSON.stringify(configuredOf(s3));
}
