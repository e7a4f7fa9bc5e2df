import type { Attack } from "./attack.ts";
import { deletedInBucketAttack } from "./deleted-in-bucket.ts";
import { deletedMeanwhileAttack } from "./deleted-meanwhile.ts";
import { manyDomainsAttack } from "./many-domains.ts";
import { silentUploadsAttack } from "./silent-uploads.ts";

export const uploadsAttacks: readonly Attack[] = [
  manyDomainsAttack,
  deletedMeanwhileAttack,
  silentUploadsAttack,
  deletedInBucketAttack,
];
