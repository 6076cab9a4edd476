// Where the page begins.

import { render } from 'preact';
import { App } from './app';
import { begin } from './session/session';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/places.css';

const root = document.getElementById('page');
if (root) render(<App />, root);
void begin();
