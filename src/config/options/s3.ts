import { from, type Option, perDomain } from "./option.ts";
import { baseUrl, boolean, integer, oneOf, path, plainText, secretText } from "./types.ts";

const forS3 = { isMandatory: "with table", isSecret: false, isPerDomain: true } as const;
const staticKeys = { name: "s3.credentials", value: "static" } as const;

export const bucketUrl = {
  ...forS3,
  ...baseUrl,
  prose:
    "The URL of the bucket, in virtual-host or path style. slotd uses the scheme, port and path prefix as given; a trailing slash makes no difference.",
  example: '"https://bucket.s3.eu-west-1.amazonaws.com"',
} as const satisfies Option;

export const bucketAccess = {
  ...perDomain,
  ...oneOf("public", "private"),
  default: "public",
  prose:
    'Who may read the bucket. `"public"`: anyone; the GET URL is the URL of the object. `"private"`: only slotd\'s keys; the GET URL is on slotd\'s HTTP server, which redirects to a presigned URL, and the bucket needs no policy.',
  example: '"private"',
} as const satisfies Option;

export const uploadWay = {
  ...perDomain,
  ...oneOf("direct", "proxy"),
  default: "direct",
  prose:
    'Where clients PUT. `"direct"`: to the bucket. `"proxy"`: to slotd\'s HTTP server, which streams the file to the bucket, responds with 201 and CORS headers, and accepts one upload for each slot. slotd signs the URLs with the keys in `disk.path`.',
  example: '"proxy"',
} as const satisfies Option;

/** Where the bucket is, who may read it, and the keys to it. */
export const s3Options = {
  "s3.bucket_url": bucketUrl,
  "s3.region": {
    ...forS3,
    schema: plainText.regex(/^[^\s/]+$/),
    kind: "text",
    expected: 'a text such as "eu-west-1"',
    prose: "The region for which slotd signs requests. Stores without regions usually accept `us-east-1`.",
    example: '"eu-west-1"',
  },
  "s3.access": bucketAccess,
  "s3.public_url": {
    ...perDomain,
    ...baseUrl,
    derived: from([bucketUrl], ([url]) => url),
    defaultWords: "`s3.bucket_url`",
    prose:
      "The prefix of GET URLs of a public bucket, if it differs from `s3.bucket_url`: a CDN, or another name of the bucket.",
    example: '"https://cdn.example.org"',
  },
  "s3.get_expiration_time": {
    ...perDomain,
    ...integer(10, 604800, "number of seconds", "7 days, the most that SigV4 allows"),
    default: 300,
    unit: "seconds",
    prose:
      "The lifetime of the presigned URL to which the GET URL of a private bucket redirects. The GET URL itself does not expire with it.",
    example: "300",
  },
  "s3.upload": uploadWay,
  "s3.credentials": {
    ...perDomain,
    ...oneOf("static", "file", "aws"),
    default: "static",
    prose:
      'The source of the keys. `"static"`: the options below. `"file"`: `s3.credentials_file`. `"aws"`: the sources of AWS\'s own tools (environment, shared configuration, web identity, container, instance); slotd renews these keys before they expire.',
    example: '"aws"',
  },
  "s3.credentials_file": {
    ...forS3,
    ...path("the path of a JSON file"),
    onlyWith: { name: "s3.credentials", value: "file" },
    prose:
      "A JSON file with `AccessKeyId`, `SecretAccessKey` and, for temporary keys, `SessionToken` and `Expiration`, at the top level or under `Credentials` as `aws sts` prints them. slotd reads the file again when it changes.",
    example: '"/run/secrets/slotd-s3.json"',
  },
  "s3.access_key_id": {
    ...forS3,
    onlyWith: staticKeys,
    hasFile: true,
    schema: plainText.regex(/^[^\s/]+$/),
    kind: "text",
    expected: "a text without spaces and slashes",
    prose:
      "The id of the key that signs requests. If you set this option and the next two with `_file`, slotd reads the files again when they change.",
    example: '"AKIAIOSFODNN7EXAMPLE"',
  },
  "s3.secret_access_key": {
    ...forS3,
    ...secretText,
    onlyWith: staticKeys,
    isSecret: true,
    prose: "The secret of the access key.",
    example: '"wJalrXUtnFEMI..."',
  },
  "s3.session_token": {
    ...perDomain,
    ...secretText,
    isSecret: true,
    defaultWords: "none: the key is permanent",
    prose: "The session token of a temporary key.",
    example: '"FwoGZXIvYXdz..."',
  },
  "s3.add_acl": {
    ...perDomain,
    ...boolean,
    default: false,
    prose:
      "Whether slotd asks the store to give each object the ACL `public-read`. Not every store supports it.",
    example: "true",
  },
} as const satisfies Record<string, Option>;
