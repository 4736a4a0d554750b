/** Whether a `hostname`, as the URL parser writes it, is this machine's own: http is safe there. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost\.?|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
