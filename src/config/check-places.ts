import type { Config, DomainConfig } from "./config.ts";
import { optionOf } from "./options.ts";
import { usesHttp } from "./places.ts";
import type { Problem } from "./problem.ts";
import { placeOf } from "./secret-file.ts";

/**
 * Adds a problem for each domain whose `http.public_url` is that of another one with its files elsewhere, where
 * slotd's HTTP server would not know which bucket a URL is for. Folders may share one: a file says where it belongs.
 */
export function checkPlaces({ domains }: Config, file: string | undefined, problems: Problem[]): void {
  const owners = new Map<string, { readonly domain: string; readonly bucket: string | undefined }>();
  for (const config of domains) {
    if (!usesHttp(config)) continue;
    const { domain, s3, http } = config;
    const bucket = s3 && `${s3.bucketUrl} ${s3.region} ${JSON.stringify(s3.credentials)}`;
    const owner = owners.get(http.publicUrl);
    if (owner === undefined) owners.set(http.publicUrl, { domain, bucket });
    else if (owner.bucket !== bucket) problems.push(shared(config, owner.domain, file));
  }
}

function shared({ domain, http }: DomainConfig, owner: string, file: string | undefined): Problem {
  return {
    place: placeOf(file),
    key: "http.public_url",
    expected: "a URL of its own for each bucket that is reached through slotd",
    got: `${JSON.stringify(http.publicUrl)} for both ${owner} and ${domain}`,
    advice: `Put @HOST@ into it, or set http.public_url in [domain.${JSON.stringify(domain)}].`,
    example: `public_url = ${optionOf("http.public_url").example}`,
  };
}
