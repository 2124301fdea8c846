/** URL parameters of the list of events, which are the API's too. */
export const eventFilterKeys = ['namespace', 'severity', 'category', 'reason', 'workload', 'object', 'q']
