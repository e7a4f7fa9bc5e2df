import type { DomainConfig } from "./config.ts";

/** Whether files of this domain, or the redirects to them, go through slotd's HTTP server. */
export function usesHttp({ s3 }: Pick<DomainConfig, "s3">): boolean {
  return s3 === undefined || s3.access === "private" || s3.upload === "proxy";
}

/** Whether uploads for this domain come to slotd, with URLs that its own keys sign. */
export function takesUploads({ s3 }: Pick<DomainConfig, "s3">): boolean {
  return s3 === undefined || s3.upload === "proxy";
}
