// Runs the page's snippets in Chromium.
//   node browser_page.mjs ws://HOST:PORT/ws TOKEN http://HOST:PORT
import {withPage} from './browser.mjs';

const [url, token, api] = process.argv.slice(2);
const results = await withPage(async (tab) => {
  // REST calls are made from here: only the socket is the page's business.
  await tab.exposeFunction('call', async (path, method, headers, body) => {
    const answer = await fetch(path, {method, headers, body});
    return {status: answer.status, text: await answer.text()};
  });
  return tab.evaluate(async ({url, token, api}) => {
    const {runPage} = await import('/page_scenario.mjs');
    const call = window.call;
    const fetch = async (path, {method, headers, body}) => {
      const answer = await call(path, method, headers, body);
      return {status: answer.status, text: async () => answer.text};
    };
    return runPage({url, token, api, WebSocket: window.WebSocket, fetch});
  }, {url, token, api});
});
console.log(JSON.stringify(results));
