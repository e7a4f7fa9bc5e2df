import type { DomainConfig } from "./config.ts";

/** Whether files of this domain, new ones or those of a former service, or the redirects to them go through slotd. */
export function usesHttp({
  s3,
  former,
  receivers,
}: Pick<DomainConfig, "s3" | "former" | "receivers">): boolean {
  return (
    former.length > 0 ||
    receivers.length > 0 ||
    s3 === undefined ||
    s3.access === "private" ||
    s3.upload === "proxy"
  );
}

/** The secret of the domain's component; undefined where slotd is none. */
export function componentSecret({ xmpp }: Pick<DomainConfig, "xmpp">): string | undefined {
  return xmpp.component === "on" ? xmpp.secret : undefined;
}

/** Whether uploads for this domain come to slotd, with URLs that its own keys sign. */
export function takesUploads({ s3 }: Pick<DomainConfig, "s3">): boolean {
  return s3 === undefined || s3.upload === "proxy";
}
