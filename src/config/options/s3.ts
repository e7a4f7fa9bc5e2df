import { from, type Option, perDomain } from "./option.ts";
import { baseUrl, boolean, integer, oneOf, path, plainText, secretText } from "./types.ts";

const forS3 = { isMandatory: "with table", isSecret: false, isPerDomain: true } as const;
const staticKeys = { name: "s3.credentials", value: "static" } as const;

export const bucketUrl = {
  ...forS3,
  ...baseUrl,
  prose:
    "The bucket, in virtual-host or path style; scheme, port and path prefix are used as given, with or without a slash at the end.",
  example: '"https://bucket.s3.eu-west-1.amazonaws.com"',
} as const satisfies Option;

export const bucketAccess = {
  ...perDomain,
  ...oneOf("public", "private"),
  default: "public",
  prose:
    'Who may read the bucket. `"public"`: anyone, so the GET URL is the object itself. `"private"`: only slotd\'s keys; the GET URL is on slotd\'s HTTP server, which redirects to a presigned one, and the bucket needs no policy.',
  example: '"private"',
} as const satisfies Option;

export const uploadWay = {
  ...perDomain,
  ...oneOf("direct", "proxy"),
  default: "direct",
  prose:
    'Where clients PUT. `"direct"`: to the bucket. `"proxy"`: to slotd\'s HTTP server, which streams to the bucket, answers 201 with CORS and takes each slot once; its URLs are signed with the keys in `disk.path`.',
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
    prose: "The region that requests are signed for. Stores without regions mostly take `us-east-1`.",
    example: '"eu-west-1"',
  },
  "s3.access": bucketAccess,
  "s3.public_url": {
    ...perDomain,
    ...baseUrl,
    derived: from([bucketUrl], ([url]) => url),
    defaultWords: "`s3.bucket_url`",
    prose:
      "What GET URLs of a public bucket begin with in place of `s3.bucket_url`: a CDN, or another name of the bucket.",
    example: '"https://cdn.example.org"',
  },
  "s3.get_expiration_time": {
    ...perDomain,
    ...integer(10, 604800, "number of seconds", "7 days, the most that SigV4 allows"),
    default: 300,
    unit: "seconds",
    prose:
      "How long a presigned URL is valid that the GET URL of a private bucket redirects to. The GET URL itself does not change.",
    example: "300",
  },
  "s3.upload": uploadWay,
  "s3.credentials": {
    ...perDomain,
    ...oneOf("static", "file", "aws"),
    default: "static",
    prose:
      'Where the keys come from. `"static"`: from the options below. `"file"`: from `s3.credentials_file`. `"aws"`: from where AWS\'s own tools take them (environment, shared configuration, web identity, container, instance), refreshed before they expire.',
    example: '"aws"',
  },
  "s3.credentials_file": {
    ...forS3,
    ...path("the path of a JSON file"),
    onlyWith: { name: "s3.credentials", value: "file" },
    prose:
      "The keys as JSON with `AccessKeyId`, `SecretAccessKey` and, for temporary ones, `SessionToken` and `Expiration`, alone or under `Credentials` as `aws sts` prints them. Read again when it changes.",
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
      "The key that requests are signed with. The three keys here are read again when their files change; give all of them as files then.",
    example: '"AKIAIOSFODNN7EXAMPLE"',
  },
  "s3.secret_access_key": {
    ...forS3,
    ...secretText,
    onlyWith: staticKeys,
    isSecret: true,
    prose: "The secret of that key.",
    example: '"wJalrXUtnFEMI..."',
  },
  "s3.session_token": {
    ...perDomain,
    ...secretText,
    isSecret: true,
    defaultWords: "none: the key is a lasting one",
    prose: "The session token of a temporary key.",
    example: '"FwoGZXIvYXdz..."',
  },
  "s3.add_acl": {
    ...perDomain,
    ...boolean,
    default: false,
    prose: "Gives each object the ACL public-read, where the provider supports it.",
    example: "true",
  },
} as const satisfies Record<string, Option>;
