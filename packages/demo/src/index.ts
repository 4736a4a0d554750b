export { type DemoOptions, playDemo } from './demo.js';
