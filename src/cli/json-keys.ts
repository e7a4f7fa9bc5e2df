/** Keys of what a command prints with `--json`, as a path from the top; `[]` after a list of objects. */
type Keys = Readonly<Record<string, string>>;

const file: Keys = {
  "files[].token": "the token in the file's URL",
  "files[].domain": "the served domain",
  "files[].jid": "the bare JID that uploaded it",
  "files[].purpose": "`message`, `profile`, `ephemeral` or `permanent`",
  "files[].filename": "its name",
  "files[].size": "bytes",
  "files[].state": "`reserved`, `complete`, `abandoned` or `pending-deletion`",
  "files[].reserved": "when its slot was given; this and every other time is UTC in ISO 8601",
  "files[].completed": "when its upload was complete; absent before",
  "files[].expires": "when it expires; absent for never",
  "files[].askAt": "when slotd next asks the store about it; absent for never",
};

/** A file without the name of its list, and with an object of its own. */
const oneFile: Keys = Object.fromEntries(
  Object.entries(file).map(([key, meaning]) => [key.replace("files[].", ""), meaning]),
);

const notRemoved: Keys = {
  "notRemoved[].token": "a file that the store did not let go; the sweep tries again",
  "notRemoved[].reason": "why",
};

/**
 * The keys of every command that takes `--json`. They are part of the interface: a release may add keys, and says so
 * in CHANGELOG.md when it changes or removes one.
 */
export const jsonKeys: Readonly<Record<string, Keys>> = {
  slot: {
    putUrl: "where to PUT the file",
    getUrl: "where to GET it after that",
    contentType: "the Content-Type header that the PUT needs; absent where none was given",
  },
  check: {
    ok: "whether nothing is wrong",
    "findings[].scope": "what was looked at: options, a domain, a bucket",
    "findings[].check": "the name of the check",
    "findings[].level": "`ok`, `warn`, `wrong` or `skipped`",
    "findings[].text": "what was found",
    "findings[].advice": "what to do; absent where nothing is to be done",
    "findings[].paste[].title": "where to put the text",
    "findings[].paste[].text": "a text to put elsewhere",
    "findings[].fixed": "true where `--fix` has set it right",
  },
  "rotate-key": {
    "files[].path": "a file of signing keys",
    "files[].signs": "the id of the key that signs from now on",
    "files[].verify": "the ids of those that still verify",
    "files[].removed": "the ids of those that are gone",
  },
  reload: {
    reloaded: "whether the configuration is in force now",
    text: "what the running slotd says, or why none was reached",
  },
  usage: {
    "accounts[].domain": "the served domain",
    "accounts[].jid": "a bare JID",
    "accounts[].purpose": "what the files are for",
    "accounts[].files": "how many it holds",
    "accounts[].bytes": "how many bytes",
    "accounts[].today.files": "how many slots were given since midnight UTC",
    "accounts[].today.bytes": "of how many bytes",
    "total.files": "the sum of files",
    "total.bytes": "the sum of bytes",
    "quotas[].domain": "with `--jid`: a domain that has a quota for each user",
    "quotas[].used.bytes": "what the JID holds there",
    "quotas[].used.files": "how many files",
    "quotas[].allowed.bytes": "`quota.user`; absent for no limit",
    "quotas[].allowed.files": "`quota.user_files`; absent for no limit",
  },
  files: file,
  delete: {
    deleted: "whether the file is gone",
    reason: "why not; `not-found` where there is none",
    ...oneFile,
  },
  purge: {
    jid: "the bare JID",
    files: "how many files were deleted",
    bytes: "how many bytes",
    isWhole: "whether it was not interrupted",
    ...notRemoved,
  },
  sweep: {
    files: "how many files were deleted, or would be",
    bytes: "how many bytes",
    left: "how many the store did not let go",
    isWhole: "whether it was not interrupted",
    isDryRun: "whether nothing was deleted",
  },
  reconcile: {
    looked: "how many files were compared",
    left: "how many differences are still there",
    isWhole: "whether it was not interrupted",
    "differences[].kind": "`missing`, `unknown`, `other-size`, `not-completed` or `damaged`",
    "differences[].repair": "`left`, `repaired` or `deleted`",
    "differences[].size": "of `other-size`: what the store has, in bytes",
    "differences[].file": "the ledger's file, with the keys that `slotd files` has",
    "differences[].object": "the store's object",
    "sums[].account": "domain, JID and purpose of a sum that does not agree with its files",
    "sums[].counted": "what the sum says",
    "sums[].listed": "what its files say",
    tooManyMissing: "`count` and `all`, where so many files are missing that none was forgotten",
    tooManyUnknown: "`count` and `all`, where so many objects are unknown that none was deleted",
  },
  config: {
    file: "the file that was read; absent where the environment is all there is",
    "options[].name": "the option's dotted name",
    "options[].domain": "the domain that it is in force for; absent for all",
    "options[].value": "as TOML has it; `(redacted)` for a secret",
    "options[].isDefault": "whether that is the default",
    "options[].setIn": "the file and line, or the variable, that sets it; absent where nothing does",
  },
};
