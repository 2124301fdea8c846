/**
 * SQL text: the service endpoint that an entry span calls, in the columns `protocol`, `method` and `endpoint`. RPC spans are
 * named `package.Service/Method` by the semantic conventions.
 */
export const endpointColumns = `
    multiIf(http_method != '', 'http', rpc_system != '', 'rpc', messaging_destination != '', 'messaging', 'other') AS protocol,
    toString(multiIf(protocol = 'http', http_method, protocol = 'rpc', rpc_system, protocol = 'messaging', messaging_system, '')) AS method,
    toString(multiIf(protocol = 'http' AND http_route != '', http_route, protocol = 'messaging', messaging_destination, operation)) AS endpoint`
