import {render} from 'preact';
import {App} from './app.js';
import {currentTheme, setTheme} from './theme.js';

setTheme(currentTheme());
// A link that is opened in a tab that shows the page already is a change of the fragment alone.
addEventListener('hashchange', () => location.hash.startsWith('#code=') && location.reload());
const root = document.getElementById('app');
if (root) render(<App />, root);
