import {render} from 'preact';
import {App} from './app.js';
import {currentTheme, setTheme} from './theme.js';

setTheme(currentTheme());
const root = document.getElementById('app');
if (root) render(<App />, root);
