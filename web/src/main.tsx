import { render } from 'preact';
import { App } from './ui/app';
import './ui/preferences/theme';
import './ui/style/index.css';

const root = document.getElementById('app');
if (root) render(<App />, root);
