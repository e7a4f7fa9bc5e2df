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
  "files[].reserved": "when slotd issued its slot; this and every other time is UTC in ISO 8601",
  "files[].completed": "when its upload was complete; absent before",
  "files[].expires": "when it expires; absent for never",
  "files[].askAt": "when slotd next asks the store about it; absent for never",
};

/** A file without the name of its list, and with an object of its own. */
const oneFile: Keys = Object.fromEntries(
  Object.entries(file).map(([key, meaning]) => [key.replace("files[].", ""), meaning]),
);

const notRemoved: Keys = {
  "notRemoved[].token": "a file that the store did not delete; the sweep tries again",
  "notRemoved[].reason": "why not",
};

/**
 * The keys of every command that takes `--json`. They are part of the interface: a release may add keys, and says so
 * in CHANGELOG.md when it changes or removes one.
 */
export const jsonKeys: Readonly<Record<string, Keys>> = {
  slot: {
    putUrl: "where to PUT the file",
    getUrl: "where to GET the file afterwards",
    contentType: "the Content-Type header that the PUT needs; absent if none was given",
  },
  check: {
    ok: "true if nothing is wrong",
    "findings[].scope": "the checked subject: options, a domain, a bucket",
    "findings[].check": "the name of the check",
    "findings[].level": "`ok`, `warn`, `wrong` or `skipped`",
    "findings[].text": "the finding",
    "findings[].advice": "the remedy; absent if none is needed",
    "findings[].paste[].title": "where to paste the text",
    "findings[].paste[].text": "a rule or command to paste",
    "findings[].fixed": "true if `--fix` has corrected the problem",
  },
  "rotate-key": {
    "files[].path": "a file of signing keys",
    "files[].signs": "the id of the key that signs from now on",
    "files[].verify": "the ids of the keys that still verify",
    "files[].removed": "the ids of the removed keys",
  },
  reload: {
    reloaded: "true if the new configuration is active",
    text: "the response of the running slotd, or why the command did not reach one",
  },
  usage: {
    "accounts[].domain": "the served domain",
    "accounts[].jid": "a bare JID",
    "accounts[].purpose": "the purpose of the files",
    "accounts[].files": "the number of the files",
    "accounts[].bytes": "their total size in bytes",
    "accounts[].today.files": "the number of slots issued since midnight UTC",
    "accounts[].today.bytes": "their total size in bytes",
    "total.files": "the sum of files",
    "total.bytes": "the sum of bytes",
    "quotas[].domain": "with `--jid`: a domain that has a quota for each user",
    "quotas[].used.bytes": "the total size of the JID's files there",
    "quotas[].used.files": "the number of the JID's files there",
    "quotas[].allowed.bytes": "`quota.user`; absent for no limit",
    "quotas[].allowed.files": "`quota.user_files`; absent for no limit",
  },
  files: file,
  delete: {
    deleted: "true if the file is deleted",
    reason: "why the file is not deleted; `not-found` if there is no such file",
    ...oneFile,
  },
  purge: {
    jid: "the bare JID",
    files: "the number of deleted files",
    bytes: "their total size in bytes",
    isWhole: "false if it was interrupted",
    ...notRemoved,
  },
  sweep: {
    files: "the number of files deleted, or to be deleted",
    bytes: "their total size in bytes",
    left: "the number of files that the store did not delete",
    isWhole: "false if it was interrupted",
    isDryRun: "true if nothing was deleted",
  },
  reconcile: {
    looked: "the number of compared files",
    left: "the number of remaining differences",
    isWhole: "false if it was interrupted",
    "differences[].kind": "`missing`, `unknown`, `other-size`, `not-completed` or `damaged`",
    "differences[].repair": "`left`, `repaired` or `deleted`",
    "differences[].size": "for `other-size`: the size in the store, in bytes",
    "differences[].file": "the ledger's file, with the keys of `slotd files`",
    "differences[].object": "the store's object",
    "sums[].account": "domain, JID and purpose of a sum in the ledger that differs from its files",
    "sums[].counted": "the sum in the ledger",
    "sums[].listed": "the sum computed from the files",
    tooManyMissing: "`count` and `all`, if so many files are missing that slotd forgot none",
    tooManyUnknown: "`count` and `all`, if so many objects are unknown that slotd deleted none",
  },
  import: {
    kind: "the other service",
    domain: "the served domain of the files",
    space: "the address space of the old URLs, which the first of them names",
    isDryRun: "true if nothing was written but the report",
    isWhole: "false if it was interrupted or stopped early",
    stoppedBy: "why it stopped early; absent if it did not or was interrupted",
    looked: "the number of files and other things found in the folder and its metadata",
    "taken.files": "the number of imported files",
    "taken.bytes": "their total size in bytes",
    "present.files": "the number of files that were imported before",
    "present.bytes": "their total size in bytes",
    gone: "the number of files that the other service knew to be deleted; their URLs respond with 410",
    left: "the number of things left out, by reason",
    notes: "the number of imported files, by what is to be known of them",
    report:
      "the file with a line for each thing left out; with `--verify`, for each wrong response, absent if there is none",
    list: "the list of old URLs; absent in a dry run",
    checked: "with `--verify`: the number of requested URLs",
    wrong: "with `--verify`: the number of URLs that did not respond as listed",
    bytes: "with `--verify`: the total size of the responses in bytes",
    kinds: "with `--verify`: the number of wrong responses, by `unreachable`, `status`, `size` and `content`",
  },
  config: {
    file: "the configuration file; absent if only the environment sets options",
    "options[].name": "the option's dotted name",
    "options[].domain": "the domain to which it applies; absent for all",
    "options[].value": "the value, as in TOML; `(redacted)` for a secret",
    "options[].isDefault": "true if the value is the default",
    "options[].setIn": "the file and line, or the variable, that sets it; absent if nothing does",
  },
};
