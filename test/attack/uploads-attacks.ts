import type { Attack } from "./attack.ts";
import { deletedMeanwhileAttack } from "./deleted-meanwhile.ts";
import { manyDomainsAttack } from "./many-domains.ts";

export const uploadsAttacks: readonly Attack[] = [manyDomainsAttack, deletedMeanwhileAttack];
