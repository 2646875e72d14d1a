// The published page's snippets, word for word but for the server's address and the token.
// Each is the body of a function of `url`, `token` and, where the page uses one from before, `ws`.

/// "Connect with authentication"
export function connectWithSubprotocol(url, token, WebSocket) {
  const ws = new WebSocket(url, [
    'Bearer', token
  ]);
  return ws;
}

/// "Or connect and authenticate after"
export function connectAndAuthenticateAfter(url, token, WebSocket) {
  const ws = new WebSocket(url);
  ws.onopen = () => {
    ws.send(JSON.stringify({
      type: 'auth',
      token: token
    }));
  };
  return ws;
}

/// "Handle messages"
export function handleMessages(ws, console) {
  ws.onmessage = (event) => {
    const message = JSON.parse(event.data);
    console.log(message.type, message.data);
  };
}

/// "Subscribe to channels"
export function subscribe(ws) {
  ws.send(JSON.stringify({
    type: 'subscribe',
    channels: ['metrics.system', 'job.*', 'alert.*']
  }));
}

/// "Unsubscribe"
export function unsubscribe(ws) {
  ws.send(JSON.stringify({
    type: 'unsubscribe',
    channels: ['metrics.system']
  }));
}

/// "Subscribe to specific index events"
export function subscribeToIndex(ws) {
  ws.send(JSON.stringify({
    type: 'subscribe',
    channels: ['index.production-vectors.*']
  }));
}

/// "Ping/pong for keepalive"
export function ping(ws) {
  ws.send(JSON.stringify({ type: 'ping' }));
}
