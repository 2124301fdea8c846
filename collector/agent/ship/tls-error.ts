/**
 * What an error on a TLS connection means, in words for whoever has to mend it; undefined for other errors. Codes are OpenSSL's verification
 * results as Node names them (https://nodejs.org/api/tls.html#x509-certificate-error-codes) and alerts of the other side.
 */
export function tlsProblem(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const problem = problems[String((one as NodeJS.ErrnoException).code)]
    if (problem !== undefined) return problem
  }
  return undefined
}

const unknownAuthority =
  'the certificate of the service is signed by an authority that is not known here: set service.caFile'

const clientCertificate =
  'the service does not take the certificate of the agent, or asks for one: see service.certFile and service.keyFile'

const problems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate of the service has expired',
  CERT_NOT_YET_VALID: 'the certificate of the service is not valid yet: is the clock of this node right?',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of the service is for another name than that of service.endpoint',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': clientCertificate,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientCertificate,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: clientCertificate,
  // TLS 1.3 has no answer to a client's certificate in its handshake, and often the alert after it is not seen.
  UND_ERR_SOCKET: `the connection was closed before an answer: perhaps ${clientCertificate}`,
  ERR_SSL_WRONG_VERSION_NUMBER: 'the service does not speak TLS at service.endpoint: is it http://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the service does not speak TLS at service.endpoint: is it http://?',
}
