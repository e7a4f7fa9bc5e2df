import packageJson from "../package.json" with { type: "json" };

/** The version of this slotd, as package.json gives it. */
export const version: string = packageJson.version;
