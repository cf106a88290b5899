// The client starts here: theme, language, then the page that the address asks for.

import { render } from 'preact';

import { App } from './app';
import './style/tokens.css';
import './style/base.css';
import './style/layout.css';
import './style/controls.css';
import './style/components.css';
import { openLink } from './api/link';
import { preferredLanguage, speak } from './text/text';
import { startTheme } from './ui/theme';

startTheme();
openLink();
await speak(preferredLanguage());
render(<App />, document.getElementById('app') as HTMLElement);
