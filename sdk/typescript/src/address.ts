// One address for both halves of the server: `http://host:7700`, or the socket's `ws://host:7700/ws`.

function parsed(url: string | URL): URL {
  const address = new URL(url);
  address.hash = '';
  return address;
}

/** `wss://host/ws`, also from `https://host`. @throws TypeError if it is no URL. */
export function socketAddress(url: string | URL): string {
  const address = parsed(url);
  address.protocol = address.protocol.replace(/^http/, 'ws');
  if (address.pathname === '/') address.pathname = '/ws';
  return address.href;
}

/** `https://host`, without a slash at its end, also from `wss://host/ws`. @throws TypeError if it is no URL. */
export function restAddress(url: string | URL): string {
  const address = parsed(url);
  address.protocol = address.protocol.replace(/^ws/, 'http');
  address.pathname = address.pathname.replace(/\/ws(\/events)?$/, '/');
  address.search = '';
  return address.href.replace(/\/$/, '');
}
