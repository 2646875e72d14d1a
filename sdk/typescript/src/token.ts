/** A token, or a function that gets one: asked for each connection, and again before the token expires. */
export type TokenSource = string | (() => string | Promise<string>);

export async function tokenOf(source: TokenSource): Promise<string> {
  return typeof source === 'string' ? source : source();
}
