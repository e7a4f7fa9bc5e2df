import type { Check } from "./run-checks.ts";
import { corsChecks } from "./s3-cors.ts";
import { downloadChecks } from "./s3-download.ts";
import { lifecycleChecks } from "./s3-lifecycle.ts";
import type { S3Probe } from "./s3-probe.ts";
import { reachChecks } from "./s3-reach.ts";
import { unsignedChecks } from "./s3-unsigned.ts";
import { uploadChecks } from "./s3-upload.ts";

/** Everything that is tried on a bucket, in this order. */
export const s3Checks: readonly Check<S3Probe>[] = [
  ...reachChecks,
  ...uploadChecks,
  ...unsignedChecks,
  ...downloadChecks,
  ...corsChecks,
  ...lifecycleChecks,
];
