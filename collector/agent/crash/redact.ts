/**
 * Takes what looks like a secret out of log lines: best effort, for lines that leave the cluster. Names stay, so that the
 * line still says what it is about. A pattern has no nested repetition: the time is linear in the text.
 */
export function redactSecrets(text: string): string {
  return patterns.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text)
}

const gone = '[redacted]'
const patterns: readonly (readonly [RegExp, string])[] = [
  // A private key: the armour tells the end; a key whose end was cut off goes up to the end of the text.
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g, gone],
  // user:password@ of an address.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,256}:)[^\s/@]{1,256}@/gi, `$1${gone}@`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${gone}`],
  // A JSON web token, an AWS access key id, a token of GitHub, GitLab or Slack.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, gone],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, gone],
  [/\b(?:gh[pousr]_|glpat-|xox[abprs]-)[\w-]{10,}/g, gone],
  // password=…, "apiKey": "…", DB_PASSWORD: …; a key may stand in quotes and be part of a longer name,
  // but a file is no key.
  [
    /((?<![/\\])(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)["']?\s{0,3}[:=]\s{0,3})(?:"[^"\n]{1,512}"|'[^'\n]{1,512}'|[^\s"',;&)}\]]{1,512})/gi,
    `$1${gone}`,
  ],
]
