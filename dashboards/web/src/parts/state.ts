/** States that have a shape and a colour of their own. */
export type State = 'ok' | 'pending' | 'warning' | 'failed' | 'error' | 'critical' | 'done' | 'info'
