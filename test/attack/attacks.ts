import type { Attack } from "./attack.ts";
import { httpAttacks } from "./http-attacks.ts";
import { inputAttacks } from "./input-attacks.ts";
import { ledgerAttacks } from "./ledger-attacks.ts";
import { ledgerRulesAttacks } from "./ledger-rules-attacks.ts";
import { s3Attacks } from "./s3-attacks.ts";
import { storeAttacks } from "./store-attacks.ts";
import { streamAttacks } from "./stream-attacks.ts";
import { uploadsAttacks } from "./uploads-attacks.ts";

/** Every attack, by what it is made on. */
export const attacks: readonly Attack[] = [
  ...streamAttacks,
  ...httpAttacks,
  ...uploadsAttacks,
  ...ledgerAttacks,
  ...ledgerRulesAttacks,
  ...storeAttacks,
  ...s3Attacks,
  ...inputAttacks,
];
