/** What an exit code means, as far as it can be told. */
export function explainExit(code: number, reason: string): string {
  if (reason === 'OOMKilled')
    return 'The container used more memory than its limit and was killed: raise the limit or find the leak.'
  if (reason === 'DeadlineExceeded') return 'The job ran longer than its activeDeadlineSeconds.'
  switch (code) {
    case 126:
      return 'The command of the container could not be run: is it executable?'
    case 127:
      return 'The command of the container was not found in the image.'
    case 137:
      return 'Killed (SIGKILL): out of memory on the node, or it did not stop within its grace period.'
    case 139:
      return 'Segmentation fault (SIGSEGV): a crash in native code.'
    case 143:
      return 'Stopped on request (SIGTERM), which it did not turn into exit code 0.'
    default:
      return code > 128 ? `Ended by signal ${code - 128}.` : 'The program itself ended with an error.'
  }
}
