import type { OpenCredentials, TimedCredentials } from "../credentials.ts";
import { type RefreshDeps, refreshCredentials } from "./refreshed-credentials.ts";

/**
 * The credentials that AWS's own tools would take: environment, shared configuration (with assumed roles and single
 * sign-on), a process, web identity, the container's and the instance's metadata, in this order. AWS's library is
 * loaded only when this is called.
 */
export async function openAwsCredentials(deps: RefreshDeps): Promise<OpenCredentials> {
  const { fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
  return refreshCredentials(async (): Promise<TimedCredentials> => {
    // A chain of its own each time, because one remembers credentials without an expiration for ever.
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await fromNodeProviderChain({
      ignoreCache: true,
    })();
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      ...(expiration !== undefined && { expiration }),
    };
  }, deps);
}
