import type { Attack } from "./attack.ts";
import { addressAttacks } from "./http/address-attacks.ts";
import { httpAttacks } from "./http/http-attacks.ts";
import { inputAttacks } from "./inputs/input-attacks.ts";
import { ledgerAttacks } from "./ledger/ledger-attacks.ts";
import { ledgerRulesAttacks } from "./ledger/ledger-rules-attacks.ts";
import { s3Attacks } from "./store/s3-attacks.ts";
import { storeAttacks } from "./store/store-attacks.ts";
import { streamAttacks } from "./stream/stream-attacks.ts";
import { uploadsAttacks } from "./uploads/uploads-attacks.ts";

/** Every attack, by what it is made on. */
export const attacks: readonly Attack[] = [
  ...streamAttacks,
  ...httpAttacks,
  ...addressAttacks,
  ...uploadsAttacks,
  ...ledgerAttacks,
  ...ledgerRulesAttacks,
  ...storeAttacks,
  ...s3Attacks,
  ...inputAttacks,
];
