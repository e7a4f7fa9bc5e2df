import { secret } from "./components.ts";

/** slotd.toml for a bucket on S3, all else as it is when nothing is said: signatures are real, nothing is sent. */
export function s3Config(componentPort: number, domain: string, more = ""): string {
  return `
domains = ["${domain}"]
backend = "s3"
${more}
[xmpp]
address = "127.0.0.1:${componentPort}"
secret = "${secret}"

[s3]
bucket_url = "https://bucket.s3.eu-west-1.amazonaws.com"
region = "eu-west-1"
access_key_id = "AKIAIOSFODNN7EXAMPLE"
secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
`;
}

/** slotd.toml for files on disk. `http`: lines of its table [http]. */
export function diskConfig(componentPort: number, domain: string, http: string, more = ""): string {
  return `
domains = ["${domain}"]
backend = "disk"
max_file_size = "1GiB"
${more}
[xmpp]
address = "127.0.0.1:${componentPort}"
secret = "${secret}"

[http]
${http}
`;
}
