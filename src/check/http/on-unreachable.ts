import { codeOf, type S3RequestError } from "../../store/s3/s3-answer.ts";

const notTrusted: readonly string[] = [
  ...["SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ...["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_GET_ISSUER_CERT"],
];

/** Whether the certificate is of an authority that is not trusted here. */
export function isNotTrusted({ cause }: S3RequestError): boolean {
  return notTrusted.includes(codeOf(cause));
}

/**
 * What to do about a URL that cannot be reached, where its error tells.
 *
 * @param option whose value the URL is.
 */
export function onUnreachable(error: S3RequestError, option: string): string | undefined {
  const code = codeOf(error.cause);
  if (isNotTrusted(error)) {
    return "If the authority is your own, run the check with --ca FILE (its certificate in PEM). Clients must trust it, too, and slotd itself if it sends requests to a bucket: start it with NODE_EXTRA_CA_CERTS=FILE. Otherwise the server does not send its complete certificate chain.";
  }
  if (code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    return `Begin ${option} with http:// if that port has no TLS, or set a port that has TLS.`;
  }
  if (code === "Malformed_HTTP_Response" || code === "HPE_INVALID_CONSTANT") {
    return `Begin ${option} with https:// if that port has TLS; otherwise it is the port of another service.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `Set ${option} to a name in the certificate, or obtain a certificate for this name.`;
  }
  return undefined;
}
