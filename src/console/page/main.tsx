import { render } from 'preact';
import { App } from './app.tsx';
import { live } from './state/live.ts';

const page = document.querySelector('#page');
if (page !== null) {
  live.start();
  render(<App />, page);
}
