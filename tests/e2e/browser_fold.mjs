// A page in Chromium that folds; told by lines on standard input when to compare, answers with lines of JSON.
//   node browser_fold.mjs ws://HOST:PORT/ws TOKEN http://HOST:PORT
import {createInterface} from 'node:readline';
import {withPage} from './browser.mjs';

const [url, token, api] = process.argv.slice(2);
await withPage(async (tab) => {
  const beganAt = await tab.evaluate(async ({url, token, api}) => {
    const {Page} = await import('/fold_scenario.mjs');
    const {StateFold} = await import('/sdk/index.js');
    window.page = new Page({url, token, api, StateFold});
    return window.page.begin();
  }, {url, token, api});
  console.log(JSON.stringify({beganAt}));
  for await (const line of createInterface({input: process.stdin})) {
    if (line === 'end') break;
    console.log(JSON.stringify(await tab.evaluate(() => window.page.compare())));
  }
});
